"""A token of the Hub gets into nothing that a run leaves, prints or sends on, however the run came by it or ended."""

import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, quote_plus

import nbformat
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook

from helpers.errors import RunError, UploadError
from helpers.hub.failures import reason
from helpers.notebook import secrets
from helpers.notebook.secrets import redact_tokens
from helpers.run.editions import execute
from hub.server import WRITE_TOKEN
from regression.worker import printable

ROOT = Path(__file__).resolve().parent.parent.parent


def files_with(token, folder):
    found = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert found != []
    return [path.name for path in found if token.encode() in path.read_bytes()]


LEAKING = """\
import os, sys
print(os.environ["HF_TOKEN"])
print(os.environ["HF_TOKEN"], file=sys.stderr)
print({"Authorization": f"Bearer {os.environ['HF_TOKEN']}"})
raise OSError(f"https://ada:{os.environ['HF_TOKEN']}@hub.example/api?token={os.environ['HF_TOKEN']}")
"""


@pytest.mark.parametrize(
    ("token", "kept", "left"), [(WRITE_TOKEN, WRITE_TOKEN, "hf_..."), ('my "Zyx\\token" <of> 20%', "Zyx", "my...")]
)
def test_a_notebook_that_prints_a_token_with_quotes_or_without_is_whole_and_without_it(
    tmp_path, monkeypatch, token, kept, left
):
    monkeypatch.setenv("HF_TOKEN", token)
    metadata = nbformat.read(ROOT / "notebooks" / "token_classification_pytorch.ipynb", 4).metadata
    notebook = new_notebook(cells=[new_code_cell(LEAKING)], metadata=metadata)
    with pytest.raises(RunError) as caught:
        execute(notebook, tmp_path / "executed.ipynb", {}, progress_bar=False)
    assert kept not in str(caught.value)
    assert f"{left}@hub.example" in str(caught.value)
    assert files_with(kept, tmp_path) == []
    assert str(nbformat.read(tmp_path / "executed.ipynb", 4).cells).count(left) >= 5


def test_an_error_that_quotes_it_is_shown_without_it():
    answer = OSError(f"no such token: {WRITE_TOKEN}")
    assert str(UploadError(f"not uploaded: {reason(answer)}")) == "not uploaded: no such token: hf_..."
    assert printable(f"\x1b[31mBearer {WRITE_TOKEN}\x1b[0m") == "Bearer hf_..."


JWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhZGEifQ._-" + 40 * "s"


@pytest.mark.parametrize("begin", ["hf_", "api_org_", "api_", "hf_oauth_", "hf_jwt_"])
def test_tokens_of_every_form_are_known(begin):
    token = begin + (JWT if begin in ("hf_oauth_", "hf_jwt_") else 34 * "A")
    left = "hf_..." if begin.startswith("hf_") else f"{begin}..."
    assert redact_tokens(f"Bearer {token}, my_api_{34 * 'a'}") == f"Bearer {left}, my_api_{34 * 'a'}"


@pytest.mark.parametrize("login", ["environment", "file"])
def test_the_token_in_use_is_known_whatever_its_form(tmp_path, monkeypatch, login):
    token = "0123456789.abcdefghij-_=+/"
    (tmp_path / "token").write_text(token if login == "file" else "")
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setenv("HF_TOKEN", token if login == "environment" else "")
    left = "012..."
    assert redact_tokens(f"https://ada:{token}@hub.example") == f"https://ada:{left}@hub.example"
    assert str(UploadError(token)) == left


ESCAPES = {
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON as UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "Python": lambda text: repr(text)[1:-1],
    "Python's bytes": lambda text: repr(text.encode())[2:-1],
    "HTML": html.escape,
    "HTML with numbers": lambda text: html.escape(text, quote=False).replace('"', "&#34;").replace("'", "&#39;"),
    "an address": quote,
    "a part of an address": lambda text: quote(text, safe=""),
    "a form": quote_plus,
    "nothing": str,
}
headers = st.characters(min_codepoint=33, max_codepoint=126)  # what a token can have, to be sent to the Hub
odd = st.lists(st.sampled_from(['"', "\\", "'", "&", "<", "%", "hf_", "ab", "\\n"]) | headers).map("".join)


@example(19 * "0" + '"', ["Python", "JSON"], "''", "")
@given(odd | st.text(headers, min_size=20), st.lists(st.sampled_from([*ESCAPES]), min_size=1, max_size=3), odd, odd)
def test_the_token_in_use_is_found_however_often_it_was_escaped(token, ways, before, after):
    token = token.ljust(20, "x")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_TOKEN", token)
        quotes = "".join(re.findall("[\"']", token))  # by which Python chooses what it escapes in all of a text
        quoted, rest = f"{before} {token} {after}", f"{before} ...{quotes} {after}"
        for way in ways:
            quoted, rest = ESCAPES[way](quoted), ESCAPES[way](rest)
        left = redact_tokens(quoted)
        assert len(left) <= len(rest) + 6, left
        if ways[-1] == "JSON":
            assert isinstance(json.loads(f'"{left}"'), str)


def test_a_long_run_of_escapes_is_read_once(monkeypatch):
    """Possessive quantifiers would see to that too, but those of Python 3.11.0 to 3.11.4 miss matches."""
    monkeypatch.setenv("HF_TOKEN", "a%5C\\b" + 20 * "c")
    for run in ("\\", "%5C", "%255C"):
        text = 200_000 * run + 20 * "c"
        assert redact_tokens(text) == text
    pattern = secrets._forms("a%5C\\b" + 20 * "c")[2].pattern
    assert re.search(r"[*+?}]\+|\(\?>", pattern) is None


PLACES = {
    "the home folder": ({"HOME": "{folder}"}, ".cache/huggingface/token"),
    "the folder of caches": ({"HOME": "/nowhere", "XDG_CACHE_HOME": "{folder}"}, "huggingface/token"),
    "the folder of Hugging Face": ({"HOME": "{folder}", "HF_HOME": "~/own"}, "own/token"),
    "a variable in its path": ({"HF_HOME": "${{TMPDIR}}/own", "TMPDIR": "{folder}"}, "own/token"),
    "its own path": ({"HF_HOME": "/nowhere", "HF_TOKEN_PATH": "{folder}/mine"}, "mine"),
}
SHOW_BOTH = """\
import sys
from helpers.notebook import secrets
found = secrets._token_in_use()
assert not [name for name in sys.modules if name.startswith("huggingface_hub")]
import huggingface_hub
print([found, huggingface_hub.get_token()])
"""


@pytest.mark.parametrize("place", PLACES)
def test_the_login_file_is_found_where_the_hubs_client_finds_it(tmp_path, place):
    variables, path = PLACES[place]
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(f"{WRITE_TOKEN}\n")
    environment = {"PATH": "", "PYTHONPATH": os.pathsep.join(sys.path)}
    environment |= {name: value.format(folder=tmp_path) for name, value in variables.items()}
    done = subprocess.run([sys.executable, "-c", SHOW_BOTH], env=environment, capture_output=True, text=True)
    assert done.stdout == f"{[WRITE_TOKEN, WRITE_TOKEN]}\n", done.stderr


@pytest.mark.parametrize("token", ["", "token"])  # a login file that cannot be read; a stand-in for a token
def test_no_other_text_is_changed_or_hidden(tmp_path, monkeypatch, token):
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path))
    monkeypatch.setenv("HF_TOKEN", token)
    assert str(UploadError("a token classification")) == redact_tokens("a token classification")
    assert redact_tokens("a token classification") == "a token classification"


@pytest.mark.parametrize("suffix", [".conll", ".json", ".jsonl"])
def test_data_that_leads_to_the_login_file_does_not_show_it(client, tmp_path, suffix):
    client.home.mkdir(exist_ok=True)
    (client.home / "token").write_text(WRITE_TOKEN)
    for split in ("train", "test"):
        (tmp_path / f"{split}{suffix}").symlink_to(client.home / "token")
    done = client.run(f"load.load_ner_dataset({str(tmp_path)!r})")
    assert "MalformedDataError" in done.message
    assert WRITE_TOKEN not in done.output


def test_it_is_taken_for_no_parameter(client):
    code = "from helpers.notebook.parameters import check_value; check_value('hub_model_id', {!r})"
    message = client.run(code.format(f"ada/{WRITE_TOKEN}")).message
    assert message.startswith("ParameterError: hub_model_id holds an access token")
    assert WRITE_TOKEN not in message
