"""Checkpoints that would run code, or read files elsewhere, are refused; what they hold is never run."""

import ast
import json
import pickle
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest
from hostile import Pickled, write_checkpoint
from IPython.core.inputtransformer2 import TransformerManager
from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer

from helpers.exceptions import CheckpointUnavailableError, UnsafeCheckpointError
from helpers.models import resolve_checkpoint

ROOT = Path(__file__).resolve().parent.parent
MODULE, OTHER = "modeling_distilbert", "tokenization_distilbert"
REMOTE_MODEL = {"AutoConfig": f"{MODULE}.Config", "AutoModelForTokenClassification": f"{MODULE}.Model"}
REMOTE_TOKENIZER = {"AutoTokenizer": [f"{OTHER}.Tokenizer", None]}
KERNEL = "somebody/kernels:attention"
SECRET = "hf_" + 34 * "S"


@pytest.fixture
def mark(tmp_path):
    """A file that is there as soon as any of the material has run."""
    return tmp_path / "mark"


@pytest.fixture
def folder(tmp_path, mark):
    return write_checkpoint(tmp_path / "model", mark)


@pytest.fixture
def secret(tmp_path):
    """A file that is nobody's business, in the form of a vocabulary."""
    path = tmp_path / "secret"
    path.write_text(f"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n{SECRET}\n")
    return path


def change(folder, file, **entries):
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def load_as_the_notebooks_do(folder):
    AutoTokenizer.from_pretrained(folder, add_prefix_space=True)
    AutoModelForTokenClassification.from_pretrained(folder, use_safetensors=True)


def test_what_nothing_names_does_no_harm(folder, mark):
    assert resolve_checkpoint(str(folder)) == str(folder)
    load_as_the_notebooks_do(folder)
    assert not mark.exists()


def test_the_material_would_run_if_it_were_trusted(folder, mark, monkeypatch, tmp_path):
    pickle.loads((folder / "pytorch_model.bin").read_bytes())
    assert mark.exists()
    mark.unlink()
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    change(folder, "config.json", auto_map=REMOTE_MODEL, model_type="own")
    with pytest.raises(AttributeError):  # the module ran, and holds no such class
        AutoConfig.from_pretrained(folder, trust_remote_code=True)
    assert mark.exists()


@pytest.mark.parametrize(
    ("file", "entries"),
    [
        ("config.json", {"auto_map": REMOTE_MODEL}),
        ("config.json", {"auto_map": REMOTE_MODEL, "model_type": "own"}),
        ("config.json", {"auto_map": REMOTE_TOKENIZER, "tokenizer_class": "Own"}),
        ("tokenizer_config.json", {"auto_map": REMOTE_TOKENIZER}),
        ("tokenizer_config.json", {"auto_map": REMOTE_TOKENIZER, "tokenizer_class": "Own"}),
        ("tokenizer_config.json", {"auto_map": [f"{OTHER}.Tokenizer", None], "tokenizer_class": "Own"}),
        ("config.json", {"custom_pipelines": {"ner": {"impl": f"{MODULE}.Pipeline", "pt": ["AutoModel"]}}}),
        ("config.json", {"attn_implementation": KERNEL}),
        ("config.json", {"_attn_implementation": KERNEL}),
        ("config.json", {"_attn_implementation_internal": KERNEL}),
        ("config.json", {"text_config": [{"attn_implementation": {"": KERNEL}}]}),
    ],
)
def test_a_configuration_that_names_code_is_refused(folder, mark, file, entries):
    change(folder, file, **entries)
    with pytest.raises(UnsafeCheckpointError, match=rf"in its {file} names Python code, which is not run"):
        resolve_checkpoint(str(folder))
    if KERNEL not in str(entries):  # without the package kernels, transformers passes over it
        with suppress(ValueError):
            load_as_the_notebooks_do(folder)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("config.json", "transformers_weights"),
        ("config.json", "configuration_files"),
        ("tokenizer_config.json", "fast_tokenizer_files"),
        ("tokenizer_config.json", "init_inputs"),
        ("tokenizer_config.json", "vocab_file"),
        ("tokenizer_config.json", "merges_file"),
        ("tokenizer_config.json", "tokenizer_file"),
    ],
)
def test_a_configuration_that_names_files_is_refused(folder, secret, file, key):
    change(folder, file, **{key: str(secret)})
    with pytest.raises(UnsafeCheckpointError, match=rf"{key} in its {file} names other files"):
        resolve_checkpoint(str(folder))


def test_transformers_would_copy_such_a_file_into_the_trained_model(folder, secret, tmp_path):
    for name in ("tokenizer.json", "vocab.txt"):
        (folder / name).unlink()
    change(folder, "tokenizer_config.json", vocab_file=str(secret))
    AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path / "trained")
    assert SECRET in (tmp_path / "trained" / "vocab.txt").read_text()


@pytest.mark.parametrize("several", [list, dict])
def test_a_configuration_that_names_files_to_be_written_is_refused(folder, tmp_path, several):
    name = "../../elsewhere"
    templates = {list: [{"name": name, "template": "text"}], dict: {name: "text"}}[several]
    change(folder, "tokenizer_config.json", chat_template=templates)
    with pytest.raises(UnsafeCheckpointError, match=r"chat_template in its tokenizer_config.json names files"):
        resolve_checkpoint(str(folder))
    (folder / "chat_template.jinja").unlink()  # would come before it
    AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path / "trained")
    assert (tmp_path / "elsewhere.jinja").exists()  # so transformers would write it


@pytest.mark.parametrize(
    "entries",
    [{"init_inputs": []}, {"tokenizer_file": None}, {"special_tokens_map_file": "/x"}, {"chat_template": "a text"}],
)
def test_what_old_tokenizers_are_full_of_is_harmless(folder, entries):
    change(folder, "tokenizer_config.json", **entries)
    assert resolve_checkpoint(str(folder)) == str(folder)


@pytest.mark.parametrize("name", ["vocab.txt", "sentencepiece.bpe.model", "chat_template.jinja", "additional/a.jinja"])
def test_links_that_lead_out_of_the_folder_are_refused(folder, secret, name):
    link = folder / name
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(secret)
    with pytest.raises(UnsafeCheckpointError, match=rf"{link.name} is a link to a file outside of its folder"):
        resolve_checkpoint(str(folder))


def test_links_as_in_the_cache_of_the_hubs_clients_are_followed(tmp_path, mark):
    blobs = write_checkpoint(tmp_path / "blobs", mark)
    snapshot = tmp_path / "snapshots" / "revision"
    snapshot.mkdir(parents=True)
    for path in blobs.iterdir():
        (snapshot / path.name).symlink_to(Path("..", "..", "blobs", path.name))
    assert resolve_checkpoint(str(snapshot)) == str(snapshot)
    (blobs / "vocab.txt").unlink()
    (blobs / "vocab.txt").symlink_to("/etc/hostname")
    with pytest.raises(UnsafeCheckpointError):
        resolve_checkpoint(str(snapshot))


def test_weights_may_lie_elsewhere(folder, tmp_path):
    weights = folder / "model.safetensors"
    weights.rename(tmp_path / "weights.safetensors")
    weights.symlink_to(tmp_path / "weights.safetensors")
    assert resolve_checkpoint(str(folder)) == str(folder)


def test_an_adapter_is_refused(folder):
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "somebody/model"}))
    with pytest.raises(UnsafeCheckpointError, match="it is an adapter"):
        resolve_checkpoint(str(folder))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "../other.safetensors", "/tmp/model.safetensors", "tf_model.h5"])
def test_an_index_that_names_anything_but_its_own_safetensors_is_refused(folder, mark, name):
    shard = "model-00001-of-00001.safetensors"
    (folder / "model.safetensors").rename(folder / shard)
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": {"a": shard}}))
    assert resolve_checkpoint(str(folder)) == str(folder)
    index.write_text(json.dumps({"metadata": {}, "weight_map": {"a": shard, "b": name}}))
    with pytest.raises(UnsafeCheckpointError, match=f"names '{name}'"):
        resolve_checkpoint(str(folder))
    assert not mark.exists()


def test_pickled_weights_alone_are_refused_with_a_reason(folder, mark):
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointUnavailableError, match=r"a pickle, such as pytorch_model\.bin, can"):
        resolve_checkpoint(str(folder))
    with pytest.raises(OSError, match=r"no file named model\.safetensors"):
        load_as_the_notebooks_do(folder)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", b"{"),
        ("config.json", b"[]"),
        ("config.json", b"\xff\xfe"),
        ("config.json", 100_000 * b"["),
        ("tokenizer_config.json", b""),
        ("tokenizer.json", b"<html>"),
        ("tokenizer.json", b"{}"),
        ("model.safetensors", b""),
        ("model.safetensors", pickle.dumps(Pickled(Path("/nowhere")))),
        ("model.safetensors", b"\xff" * 100),
    ],
)
def test_a_file_that_is_not_what_it_says_is_named(folder, file, content):
    (folder / file).write_bytes(content)
    with pytest.raises(CheckpointUnavailableError, match=rf"{file} of the checkpoint") as caught:
        resolve_checkpoint(str(folder))
    assert "\n" not in str(caught.value)


def code_files():
    for path in (*ROOT.glob("notebooks/**/*.ipynb"), *ROOT.glob("src/**/*.py"), *ROOT.glob("benchmarks/*.py")):
        if path.suffix == ".ipynb":
            cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
            yield path, TransformerManager().transform_cell("\n".join(cells))
        else:
            yield path, path.read_text(encoding="utf-8")


def test_all_code_loads_safetensors_alone_and_trusts_no_code():
    loads = 0
    for path, code in code_files():
        assert "trust_remote_code" not in code, path
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("TokenClassification.from_pretrained"):
                given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                assert given.get("use_safetensors") == "True", path
                loads += 1
    assert loads >= 8 + 5
