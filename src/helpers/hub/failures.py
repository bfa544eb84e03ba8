"""Explain Hub errors to users."""

from collections.abc import Callable, Iterator

from huggingface_hub import constants
from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

from helpers.files import says_no_room
from helpers.hub.client import CUT_OFF, NOT_JSON, TIMED_OUT, UNREACHABLE
from helpers.notebook.language import translate


class BrokenDownloadError(OSError):
    """Files have another content or size than the Hub says."""


def fetch_failure(what: str, error: Exception) -> str:
    """Return why something could not be fetched from the Hub, and what works without it.

    Parameters
    ----------
    what : str
        Such as ``"data set 'wnut_17'"``, in the reader's language.
    error : Exception
        As the client raised it.

    Returns
    -------
    str
        One line.
    """
    return translate(
        "the {what} is no folder here and could not be fetched: {reason}."
        ' Without the Hub, use dataset="sample" and model="bundled", or folders of your own.'
    ).format(what=what, reason=reason(error))


def reason(error: Exception) -> str:
    """Return why the Hub's client failed, and what to do, as a clause without a full stop."""
    for fits, text in _reasons():
        if fits(error):
            return text
    if status_of(error) is not None:
        return translate("the Hub refuses it ({status})").format(status=status_of(error))
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".:")  # the rest is about internals


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Iterate over an error and what it was raised from; clients wrap each other's errors."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def status_of(error: Exception) -> int | None:
    """Return the status of the HTTP response that an error comes from; None if there is none."""
    responses = (getattr(cause, "response", None) for cause in causes(error))
    return next((response.status_code for response in responses if response is not None), None)


def _kind(*kinds: type[Exception]) -> Callable[[Exception], bool]:
    return lambda error: any(isinstance(cause, kinds) for cause in causes(error))


def _status(*codes: int) -> Callable[[Exception], bool]:
    return lambda error: status_of(error) in codes


def _disk_is_full(error: Exception) -> bool:
    return any(says_no_room(cause) for cause in causes(error))


def _reasons() -> Iterator[tuple[Callable[[Exception], bool], str]]:
    """Iterate over what errors mean, in the reader's language; the first that fits is given."""
    yield (
        _disk_is_full,
        translate(
            "the disk is full. Make room where {folder} is, or let the environment variable HF_HOME name a folder on"
            " another disk, and run again"
        ).format(folder=constants.HF_HOME),
    )
    yield (
        _kind(BrokenDownloadError),
        translate(
            "files came broken each time, and were thrown away. Run again; if it happens again, something between this"
            " machine and the Hub changes them, such as a proxy"
        ),
    )
    yield (
        _kind(GatedRepoError),
        translate("its owner decides who may have it. Ask for access on its page on the Hub, and log in"),
    )
    yield (
        _kind(RepositoryNotFoundError, HFValidationError),
        translate("the Hub has none of that name that you may read. Check the name, and log in if it is private"),
    )
    yield (
        _status(401),
        translate(
            "the Hub does not take your token (401). Log in again with `hf auth login`, fix the environment variable"
            " HF_TOKEN, or remove both: what is public needs no token"
        ),
    )
    yield _status(403), translate("the Hub does not allow it (403). Your token needs the right to it")
    yield (
        _status(429),
        translate("the Hub has had too many requests from here (429). Wait some minutes; with a login it allows more"),
    )
    yield (
        _status(500, 502, 503, 504),
        translate("the Hub has trouble of its own. Run again later; https://status.huggingface.co says how it is"),
    )
    yield (
        _kind(*NOT_JSON),
        translate("something else answers in the Hub's place, such as the log-in page of a network. Check the network"),
    )
    yield _kind(*TIMED_OUT), translate("the Hub does not answer in time. Run again later")
    yield _kind(*CUT_OFF), translate("the connection broke off. Run again: it continues from there")
    yield (
        _kind(*UNREACHABLE),
        translate(
            "the Hub cannot be reached. Check the network, and that the environment variable HF_HUB_OFFLINE is not set"
        ),
    )
