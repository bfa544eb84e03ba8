"""Checkpoints that would run code, or read files elsewhere, are refused; what they contain is never run.

These tests also run with transformers 4 and TensorFlow (TF_USE_LEGACY_KERAS=1), where PyTorch is not installed.
"""

import ast
import json
import pickle
import re
from contextlib import suppress
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import nbformat
import pytest
import transformers
from IPython.core.inputtransformer2 import TransformerManager
from support.hostile import Pickled, write_checkpoint
from support.published_checkpoints import PUBLISHED, SMALL, write_weights
from tokenizers import Tokenizer
from tokenizers.models import Unigram
from transformers import CONFIG_MAPPING, AutoConfig, AutoTokenizer, PretrainedConfig

from helpers.checkpoints.find import resolve_checkpoint
from helpers.checkpoints.safety import require_safe
from helpers.errors import CheckpointUnavailableError, SlowTokenizerError, UnsafeCheckpointError

ROOT = Path(__file__).resolve().parents[3]
MODULE, OTHER = "modeling_distilbert", "tokenization_distilbert"
REMOTE_MODEL = {"AutoConfig": f"{MODULE}.Config", "AutoModelForTokenClassification": f"{MODULE}.Model"}
REMOTE_TOKENIZER = {"AutoTokenizer": [f"{OTHER}.Tokenizer", None]}
KERNEL = "somebody/kernels:attention"
CONFIG, TOKENIZER_CONFIG, SPECIAL_TOKENS = "config.json", "tokenizer_config.json", "special_tokens_map.json"
FOR_TOKENIZERS = (TOKENIZER_CONFIG, SPECIAL_TOKENS)
WEIGHTS, INDEX, SHARD = "model.safetensors", "model.safetensors.index.json", "model-00001-of-00001.safetensors"
UNIGRAMS = {"FacebookAI/xlm-roberta-base", "microsoft/deberta-v3-base"}  # whose tokenizers take nothing else
FIXED = not transformers.__version__.startswith("4.")  # what transformers 4 does with some files, 5 does not
Classifier = getattr(transformers, f"{'' if find_spec('torch') else 'TF'}AutoModelForTokenClassification")
if FIXED:
    from transformers.models.auto.modeling_auto import MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES as CLASSIFIERS
else:
    from transformers.models.auto.modeling_tf_auto import TF_MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES as CLASSIFIERS


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
    path.write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nsecret\n")
    return path


def change(folder, file, **entries):
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def load_as_the_notebooks_do(folder):
    AutoTokenizer.from_pretrained(folder, add_prefix_space=True)
    return Classifier.from_pretrained(folder, use_safetensors=True)


def assert_refused(folder, message, error=UnsafeCheckpointError):
    with pytest.raises(error, match=message) as caught:
        resolve_checkpoint(str(folder))
    assert "\n" not in str(caught.value)


def test_what_nothing_names_does_no_harm_and_would_run_if_it_were_trusted(folder, mark, monkeypatch, tmp_path):
    assert resolve_checkpoint(str(folder)) == str(folder)
    load_as_the_notebooks_do(folder)
    assert not mark.exists()
    pickle.loads((folder / "pytorch_model.bin").read_bytes())
    assert mark.exists()
    mark.unlink()
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    change(folder, CONFIG, auto_map=REMOTE_MODEL, model_type="own")
    with pytest.raises(AttributeError):  # the module ran, and holds no such class
        AutoConfig.from_pretrained(folder, trust_remote_code=True)
    assert mark.exists()


NAME_CODE = [
    (CONFIG, "auto_map", REMOTE_MODEL),
    *((file, "auto_map", REMOTE_TOKENIZER) for file in (CONFIG, *FOR_TOKENIZERS)),
    *((file, "auto_map", [f"{OTHER}.Tokenizer", None]) for file in FOR_TOKENIZERS),
    (CONFIG, "custom_pipelines", {"ner": {"impl": f"{MODULE}.Pipeline", "pt": ["AutoModel"]}}),
    *((CONFIG, f"{prefix}attn_implementation", KERNEL) for prefix in ("", "_")),
    *((CONFIG, f"{name}_implementation_internal", KERNEL) for name in ("_attn", "_experts")),
    (CONFIG, "experts_implementation", KERNEL),
    (CONFIG, "per_layer_config", {"0": {"attn_implementation": KERNEL}}),
    (CONFIG, "keypoint_detector_config", {"trust_remote_code": True, "auto_map": REMOTE_MODEL}),
    (CONFIG, "text_config", [{"attn_implementation": {"": KERNEL}}]),
]
NAME_FILES = [
    *product((CONFIG,), ("transformers_weights", "configuration_files", "vocab_file")),
    *product(FOR_TOKENIZERS, ("fast_tokenizer_files", "init_inputs", "vocab_file", "merges_file", "tokenizer_file")),
    *product(FOR_TOKENIZERS, ("gguf_file", "sp_model_kwargs", "extra_special_tokens", "vocab", "merges")),
]
REPLACED = ["_auto_class", "attribute_map", "sub_configs", "to_dict"]  # what transformers' own classes have
REPLACED += [name for name in ("extra_files", "per_layer_config") if hasattr(PretrainedConfig, name)]
NAME_OTHERS = [
    *((CONFIG, entry, True) for entry in REPLACED),
    (CONFIG, "attribute_map", {"k": "_attn_implementation_internal", "m": "auto_map"}),
    *product(FOR_TOKENIZERS, ("vocab_file", "init_inputs", "vocab"), (7, [7])),  # a file that is open already
    # templates that become files of these names where the tokenizer is saved
    *product(FOR_TOKENIZERS, ("chat_template",), ([{"name": "../../x", "template": "text"}], {"../../x": "text"})),
]


@pytest.mark.parametrize(("file", "key", "value"), [*NAME_CODE, *NAME_OTHERS])
def test_a_configuration_that_names_code_or_other_entries_is_refused(folder, mark, file, key, value):
    change(folder, file, **{key: value})
    assert_refused(folder, rf"'{key}' in its {file} could name code")
    if (file, key, value) in NAME_CODE and KERNEL not in str(value):  # which transformers passes over without kernels
        with suppress(ValueError):
            load_as_the_notebooks_do(folder)
    assert not mark.exists()


@pytest.mark.parametrize(("file", "key"), NAME_FILES)
def test_a_configuration_that_names_files_is_refused(folder, secret, file, key):
    for value in (str(secret), [str(secret)], {"model_file": str(secret)}, {"0": {"vocab_file": str(secret)}}):
        change(folder, file, **{key: value})
        assert_refused(folder, rf"'{key}' in its {file} could name code or a file")


@pytest.mark.parametrize("kind", [None, "own", "rag", "vision-encoder-decoder", ["distilbert"]])
def test_only_what_can_be_a_token_classifier_is_taken(folder, kind):
    change(folder, CONFIG, model_type=kind, auto_map=REMOTE_MODEL)
    assert_refused(folder, "transformers has no token classifier, and Python code", CheckpointUnavailableError)


@pytest.mark.parametrize("file", [CONFIG, *FOR_TOKENIZERS])
@pytest.mark.parametrize(
    "kind", ["AutoFeatureExtractor", "AutoTokenizer", "RagTokenizer", "BertJapaneseTokenizer", "Own", ["BertTokenizer"]]
)
def test_only_fast_tokenizers_of_transformers_are_taken(folder, kind, file):
    change(folder, file, tokenizer_class=kind)
    assert_refused(folder, rf"\({file}\), which is no fast tokenizer", SlowTokenizerError)


@pytest.mark.parametrize(
    "entries",
    [
        {"init_inputs": []},
        {"tokenizer_file": None},
        {"special_tokens_map_file": "/x"},
        {"chat_template": "a text"},
        {"sp_model_kwargs": {"enable_sampling": True, "alpha": 0.1}},
        {"tokenizer_class": "PreTrainedTokenizerFast"},
    ],
)
def test_what_old_tokenizers_are_full_of_is_harmless(folder, entries):
    change(folder, TOKENIZER_CONFIG, **entries)
    assert resolve_checkpoint(str(folder)) == str(folder)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_checkpoints_are_taken(folder, name):
    config, *for_tokenizers = PUBLISHED[name]
    config |= {key: value for key, value in SMALL.items() if key in config and key != "pad_token_id"}
    for file, content in zip((CONFIG, *FOR_TOKENIZERS), (config, *for_tokenizers), strict=True):
        (folder / file).write_text(json.dumps(content or {}))
    if name in UNIGRAMS:
        Tokenizer(Unigram([(letter, 0.0) for letter in "abcd"], unk_id=3)).save(str(folder / "tokenizer.json"))
    write_weights(folder, "MaskedLM")
    assert resolve_checkpoint(str(folder)) == str(folder)


@pytest.mark.slow
def test_what_transformers_itself_saves_is_taken(folder, tmp_path):
    as_safetensors = {} if FIXED else {"safe_serialization": True}  # which TensorFlow models are not by default
    Classifier.from_pretrained(folder).save_pretrained(tmp_path / "trained", **as_safetensors)
    AutoTokenizer.from_pretrained(folder, add_prefix_space=True).save_pretrained(tmp_path / "trained")
    assert resolve_checkpoint(str(tmp_path / "trained")) == str(tmp_path / "trained")
    special = {"layoutlmv2", "mpt"}  # they hold configurations of another library, and of a part
    special |= {kind for kind in CLASSIFIERS if CONFIG_MAPPING[kind].sub_configs}  # and these, of other models
    for kind in set(CLASSIFIERS) - special:
        config = CONFIG_MAPPING[kind](id2label={0: "O", 1: "B-x"}, label2id={"O": 0, "B-x": 1}, torch_dtype="float32")
        config.save_pretrained(folder)
        require_safe(folder, kind)


@pytest.mark.parametrize("name", ["vocab.txt", "chat_template.jinja", "additional/a.jinja", "adapter_config.json"])
def test_links_that_lead_out_of_the_folder_and_adapters_are_refused(folder, secret, name):
    link = folder / name
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    if name == "adapter_config.json":
        link.write_text(json.dumps({"base_model_name_or_path": "somebody/model"}))
    else:
        link.symlink_to(secret)
    assert_refused(folder, f"{link.name} would bring in weights or files other than its own")


def test_links_as_in_the_cache_of_the_hubs_clients_are_followed_and_weights_may_lie_anywhere(tmp_path, mark):
    blobs = write_checkpoint(tmp_path / "blobs", mark)
    (blobs / WEIGHTS).rename(tmp_path / "weights.safetensors")
    (blobs / WEIGHTS).symlink_to(tmp_path / "weights.safetensors")
    snapshot = tmp_path / "snapshots" / "revision"
    snapshot.mkdir(parents=True)
    for path in blobs.iterdir():
        (snapshot / path.name).symlink_to(Path("..", "..", "blobs", path.name))
    assert resolve_checkpoint(str(snapshot)) == str(snapshot)
    (blobs / "vocab.txt").unlink()
    (blobs / "vocab.txt").symlink_to("/etc/hostname")
    assert_refused(snapshot, "vocab.txt")


@pytest.mark.skipif(not find_spec("torch"), reason="PyTorch is not installed here")
def test_weights_that_would_be_loaded_in_place_of_others_are_refused(folder):
    import torch.distributed.checkpoint as dcp
    from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageWriter

    weights = {name: weight.fill_(0.25) for name, weight in load_as_the_notebooks_do(folder).state_dict().items()}
    with pytest.warns(UserWarning, match="in a single process"):
        dcp.save(weights, storage_writer=HuggingFaceStorageWriter(str(folder), save_distributed=True))
        assert load_as_the_notebooks_do(folder).classifier.bias.tolist() == [0.25, 0.25]  # transformers loads them
    assert_refused(folder, r"shard-00001-\S+ would bring in weights")


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "/tmp/model.safetensors", "model/../../x.safetensors", "tf_model.h5"]
)
def test_an_index_that_names_anything_but_its_own_safetensors_is_refused(folder, mark, name):
    (folder / WEIGHTS).rename(folder / SHARD)
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": {"a": SHARD}}))
    assert resolve_checkpoint(str(folder)) == str(folder)
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": {"a": SHARD, "b": name}}))
    assert_refused(folder, f"'{name}' in its {INDEX} could name")
    assert not mark.exists()


def test_pickled_weights_alone_are_refused_with_a_reason(folder, mark):
    (folder / WEIGHTS).unlink()
    assert_refused(folder, r"a pickle, such as pytorch_model\.bin, can", CheckpointUnavailableError)
    with pytest.raises(OSError, match=r"no file named model\.safetensors"):
        load_as_the_notebooks_do(folder)
    assert not mark.exists()


BROKEN = [
    *((CONFIG, content, f"{CONFIG} of the .* read") for content in (b"{", b"[]", b"\xff\xfe", 100_000 * b"[")),
    (TOKENIZER_CONFIG, b"", f"{TOKENIZER_CONFIG} of the .* read: JSONDecodeError"),
    (WEIGHTS, b"", f"{WEIGHTS} of the .* read"),
    (WEIGHTS, pickle.dumps(Pickled(Path("/nowhere"))), f"{WEIGHTS} of the .* read"),
    *(("tokenizer.json", content, "the tokenizer of the .* cannot be loaded: ") for content in (b"<html>", b"{}")),
    (SPECIAL_TOKENS, b"[]", f"{SPECIAL_TOKENS} of the .* it holds no JSON object"),
    (SPECIAL_TOKENS, b'{"pad_token": 5}', "the tokenizer of the .* cannot be loaded: "),
    (CONFIG, b'{"model_type": "distilbert", "id2label": [1]}', f"{CONFIG} of the .* read: (Value|Attribute)Error"),
    (CONFIG, b'{"model_type": "bert", "num_labels": 20000}', f"{CONFIG} of the .* read: ValueError: num_labels"),
    (CONFIG, b'{"model_type": "bert", "quantization_config": {"quant_method": "x"}}', "holds quantized weights"),
    (CONFIG, b'{"model_type": "bert", "x": ' + 900 * b"[" + b"1" + 900 * b"]" + b"}", "read: RecursionError"),
]


@pytest.mark.parametrize(("file", "content", "message"), BROKEN, ids=range(len(BROKEN)))
def test_a_file_that_is_not_what_it_says_is_one_message(folder, file, content, message):
    tokens = json.loads((folder / TOKENIZER_CONFIG).read_text())
    del tokens["added_tokens_decoder"]  # as older tokenizers are, whose added tokens are in special_tokens_map.json
    (folder / TOKENIZER_CONFIG).write_text(json.dumps(tokens))
    (folder / file).write_bytes(content)
    assert_refused(folder, message, CheckpointUnavailableError)


# What the audit passes over for neither lock, or for that of transformers 4 only (SECURITY.md)


@pytest.mark.skipif(not FIXED, reason="transformers 4.52 has no LightGlue")
@pytest.mark.parametrize("detector", ["own", "superpoint"])
def test_a_part_of_a_model_cannot_ask_for_trust(folder, mark, detector):
    """CVE-2026-5241: until 5.5, LightGlue passed its own trust_remote_code on to the model inside it."""
    remote = {"AutoConfig": f"{MODULE}.Config", "AutoModelForKeypointDetection": f"{MODULE}.Model"}
    part = {"model_type": detector, "auto_map": remote, "_name_or_path": str(folder), "trust_remote_code": True}
    config = {"model_type": "lightglue", "trust_remote_code": True, "keypoint_detector_config": part}
    (folder / CONFIG).write_text(json.dumps(config))
    with suppress(ValueError):
        transformers.AutoModel.from_config(AutoConfig.from_pretrained(folder))
    assert not mark.exists()
    assert_refused(folder, "transformers has no token classifier", CheckpointUnavailableError)


@pytest.mark.skipif(not FIXED, reason="transformers 4 takes it, so only the refusal protects")
def test_transformers_takes_no_kernel_from_an_internal_entry(folder):
    """CVE-2026-4372: until 5.3, it was loaded from the Hub and run."""
    change(folder, CONFIG, _attn_implementation_internal=KERNEL)
    assert AutoConfig.from_pretrained(folder)._attn_implementation is None


def test_transformers_comes_without_the_scripts_that_unpickle_original_checkpoints():
    """They are what CVE-2025-14920 and its seven siblings are about; no advisory names a release without them."""
    models = Path(transformers.__file__).parent / "models"
    assert len(list(models.glob("*/modeling_*.py"))) > 100
    assert list(models.rglob("convert_*.py")) == []


def code_files():
    for path in (*ROOT.glob("src/**/*.py"), *ROOT.glob("benchmarks/*.py")):
        yield path, path.read_text(encoding="utf-8")
    for path in ROOT.glob("notebooks/**/*.ipynb"):
        cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
        yield path, TransformerManager().transform_cell("\n".join(cells))


def test_all_code_loads_safetensors_alone_and_trusts_no_code():
    loads = 0
    for path, code in code_files():
        assert "trust_remote_code" not in code, path
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("TokenClassification.from_pretrained"):
                given = {keyword.arg for keyword in node.keywords}
                named = code if None in given else ast.unparse(node)  # **settings, which stand in the code before
                assert re.search(r"use_safetensors(=|\W: )True", named), path
                loads += 1
    assert loads >= 8 + 5
