"""The errors that a person's input can cause, each with a name and a message that says what to do next."""

from helpers.notebook.secrets import redact_tokens


class TutorialError(Exception):
    """Base of all errors raised for bad input; a notebook shows its message instead of a traceback."""

    def __init__(self, message: str, **values: object):
        # An address or a broken file that it quotes may hold a token.
        super().__init__(redact_tokens(message.format(**values) if values else message))

    def _render_traceback_(self) -> list[str]:
        # IPython calls this hook: whoever mistyped a parameter has no use for our stack frames.
        return [f"{type(self).__name__}: {self}"]


class ParameterError(TutorialError):
    """A parameter of a notebook has a value that it cannot take."""


class DatasetUnavailableError(TutorialError):
    """A data set cannot be found, reached or read."""


class MalformedDataError(TutorialError):
    """The content of a data set breaks a rule of its format; the message says where."""


class EmptySplitError(TutorialError):
    """A split holds no sentence, no entity or no label, so there is nothing to learn from or to score."""


class UnknownTagError(TutorialError):
    """A tag is neither ``O`` nor a known prefix and an entity type."""


class LogitsError(TutorialError):
    """A model's logits do not go with the labels that they should choose from."""


class CheckpointUnavailableError(TutorialError):
    """A checkpoint cannot be found, reached or read."""


class UnsafeCheckpointError(TutorialError):
    """A checkpoint names code, or files outside of its folder; neither is touched."""


class CheckpointDigestError(TutorialError):
    """The bundled encoder's weights are not the ones that this project was tested with."""


class TrainingDivergedError(TutorialError):
    """The validation loss of a training is no finite number any more, so there is no model to save."""


class ExportError(TutorialError):
    """A model cannot be exported to ONNX; it stays as it is."""


class UploadError(TutorialError):
    """A model cannot be uploaded; it stays on this machine."""


class SlowTokenizerError(TutorialError):
    """The tokenizer cannot say which word a subword comes from."""


class OutputFolderError(TutorialError):
    """Another run is at work in the folder for the results, or nothing can be written there."""


class DiskFullError(TutorialError):
    """There is no room left on the disk."""


class OpenFilesError(TutorialError):
    """The system lets a program, or all together, open no more files."""


class ResumeError(TutorialError):
    """The training that is to be resumed is not the one whose checkpoints are there."""


class ResultsError(TutorialError):
    """A results file is missing or not one that this project wrote."""


class FontMissingError(TutorialError):
    """The package with the font for the figures is not installed."""


class RestartNeededError(TutorialError):
    """Packages were installed in other releases than this process has imported."""


class RunError(TutorialError):
    """A headless run was asked for something that does not exist, or one of its cells failed."""
