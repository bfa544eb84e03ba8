"""Checkpoints that would run code, or read files elsewhere, are refused; what they contain is never run.

These tests also run with transformers 4 and TensorFlow (TF_USE_LEGACY_KERAS=1), where PyTorch is not installed.
"""

import ast
import json
import pickle
from contextlib import nullcontext, suppress
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
SECRET = "hf_" + 34 * "S"
CONFIG, TOKENIZER_CONFIG, SPECIAL_TOKENS = "config.json", "tokenizer_config.json", "special_tokens_map.json"
FOR_TOKENIZERS = (TOKENIZER_CONFIG, SPECIAL_TOKENS)
FIXED = not transformers.__version__.startswith("4.")  # what transformers 4 does with some files, 5 does not
Classifier = getattr(transformers, f"{'' if find_spec('torch') else 'TF'}AutoModelForTokenClassification")
if FIXED:
    from transformers.models.auto.modeling_auto import MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES as CLASSIFIERS
else:
    from transformers.models.auto.modeling_tf_auto import TF_MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES as CLASSIFIERS
needs_torch = pytest.mark.skipif(not find_spec("torch"), reason="PyTorch is not installed here")


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


UNIGRAMS = {"FacebookAI/xlm-roberta-base", "microsoft/deberta-v3-base"}  # whose tokenizers take nothing else


def change(folder, file, **entries):
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def as_older_tokenizers_are(folder, without=()):
    """Leave the added tokens to special_tokens_map.json, and remove files."""
    content = json.loads((folder / TOKENIZER_CONFIG).read_text())
    del content["added_tokens_decoder"]
    (folder / TOKENIZER_CONFIG).write_text(json.dumps(content))
    for name in without:
        (folder / name).unlink()


def load_as_the_notebooks_do(folder):
    AutoTokenizer.from_pretrained(folder, add_prefix_space=True)
    return Classifier.from_pretrained(folder, use_safetensors=True)


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
    ("file", "key", "value"),
    [
        (CONFIG, "auto_map", REMOTE_MODEL),
        *((file, "auto_map", REMOTE_TOKENIZER) for file in (CONFIG, *FOR_TOKENIZERS)),
        *((file, "auto_map", [f"{OTHER}.Tokenizer", None]) for file in FOR_TOKENIZERS),
        (CONFIG, "custom_pipelines", {"ner": {"impl": f"{MODULE}.Pipeline", "pt": ["AutoModel"]}}),
        (CONFIG, "attn_implementation", KERNEL),
        (CONFIG, "_attn_implementation", KERNEL),
        (CONFIG, "_attn_implementation_internal", KERNEL),
        (CONFIG, "experts_implementation", KERNEL),
        (CONFIG, "_experts_implementation_internal", KERNEL),
        (CONFIG, "per_layer_config", {"0": {"attn_implementation": KERNEL}}),
        (CONFIG, "keypoint_detector_config", {"trust_remote_code": True, "auto_map": REMOTE_MODEL}),
        (CONFIG, "text_config", [{"attn_implementation": {"": KERNEL}}]),
    ],
)
def test_a_configuration_that_names_code_is_refused(folder, mark, file, key, value):
    if isinstance(value, list) or "AutoTokenizer" in value:
        as_older_tokenizers_are(folder)
        change(folder, file, tokenizer_class="Own")
    change(folder, file, **{key: value})
    with pytest.raises(UnsafeCheckpointError, match=rf"'{key}' in its {file} could name code"):
        resolve_checkpoint(str(folder))
    if KERNEL not in str(value):  # without the package kernels, transformers passes over it
        with suppress(ValueError):
            load_as_the_notebooks_do(folder)
    assert not mark.exists()


@pytest.mark.parametrize("kind", [None, "own", "rag", "vision-encoder-decoder", ["distilbert"]])
def test_only_what_can_be_a_token_classifier_is_taken(folder, kind):
    change(folder, CONFIG, model_type=kind, auto_map=REMOTE_MODEL)
    with pytest.raises(CheckpointUnavailableError, match="transformers has no token classifier, and Python code that"):
        resolve_checkpoint(str(folder))


@pytest.mark.parametrize(
    ("file", "key"),
    [
        *((CONFIG, key) for key in ("transformers_weights", "configuration_files", "vocab_file")),
        *product(
            FOR_TOKENIZERS, ("fast_tokenizer_files", "init_inputs", "vocab_file", "merges_file", "tokenizer_file")
        ),
        *product(FOR_TOKENIZERS, ("gguf_file", "sp_model_kwargs", "extra_special_tokens", "vocab", "merges")),
    ],
)
def test_a_configuration_that_names_files_is_refused(folder, secret, file, key):
    for value in (str(secret), [str(secret)], {"model_file": str(secret)}, {"0": {"vocab_file": str(secret)}}):
        change(folder, file, **{key: value})
        with pytest.raises(UnsafeCheckpointError, match=rf"'{key}' in its {file} could name code or a file"):
            resolve_checkpoint(str(folder))


@pytest.mark.parametrize(("file", "key"), [*product(FOR_TOKENIZERS, ("vocab_file", "init_inputs", "vocab"))])
def test_a_file_that_is_open_already_is_not_read_by_its_number(folder, secret, file, key):
    with secret.open() as opened:
        change(folder, file, **{key: [opened.fileno()] if key == "init_inputs" else opened.fileno()})
        with pytest.raises(UnsafeCheckpointError, match=rf"'{key}' in its {file} could name"):
            resolve_checkpoint(str(folder))


@pytest.mark.skipif(FIXED, reason="transformers 5 takes such a file from the checkpoint's own folder alone")
@pytest.mark.parametrize("file", FOR_TOKENIZERS)
def test_transformers_would_copy_such_a_file_into_the_trained_model(folder, secret, tmp_path, file):
    as_older_tokenizers_are(folder, without=["tokenizer.json", "vocab.txt"])
    change(folder, file, vocab_file=str(secret))
    AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path / "trained")
    assert SECRET in (tmp_path / "trained" / "vocab.txt").read_text()


@pytest.mark.parametrize("file", FOR_TOKENIZERS)
@pytest.mark.parametrize("several", [list, dict])
def test_a_configuration_that_names_files_to_be_written_is_refused(folder, tmp_path, several, file):
    name = "../../elsewhere"
    is_written = several is list or file == TOKENIZER_CONFIG  # in the other file an object stands for a token
    as_older_tokenizers_are(folder, without=["chat_template.jinja"])  # which would come before
    change(folder, file, chat_template={list: [{"name": name, "template": "text"}], dict: {name: "text"}}[several])
    with pytest.raises(UnsafeCheckpointError, match=rf"'chat_template' in its {file} could name"):
        resolve_checkpoint(str(folder))
    with pytest.raises(ValueError, match="Invalid chat template name") if FIXED and is_written else nullcontext():
        AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path / "trained")
    assert (tmp_path / "elsewhere.jinja").exists() == (is_written and not FIXED)


def test_a_configuration_that_gives_entries_other_names_is_refused(folder):
    names = {"k": "_attn_implementation_internal", "w": "transformers_weights", "m": "auto_map"}
    change(folder, CONFIG, attribute_map=names, k=KERNEL, w="pytorch_model.bin", m=REMOTE_MODEL)
    with pytest.raises(UnsafeCheckpointError, match=r"'attribute_map' in its config.json could name"):
        resolve_checkpoint(str(folder))
    config = AutoConfig.from_pretrained(folder)  # so transformers would take them
    assert config._attn_implementation == KERNEL
    assert config.transformers_weights == "pytorch_model.bin"
    assert config.auto_map == REMOTE_MODEL


@pytest.mark.parametrize(
    "entry",
    [
        *("_auto_class", "attribute_map", "sub_configs", "to_dict", "save_pretrained"),
        *(
            name
            for name in ("extra_files", "extra_config_files", "per_layer_config")
            if hasattr(PretrainedConfig, name)
        ),
    ],
)
def test_a_configuration_that_replaces_what_transformers_has_is_refused(folder, entry):
    change(folder, CONFIG, **{entry: True})
    with pytest.raises(UnsafeCheckpointError, match=rf"'{entry}' in its config.json could name"):
        resolve_checkpoint(str(folder))


def test_a_switch_would_put_python_files_into_the_trained_model(folder, tmp_path):
    change(folder, CONFIG, _auto_class=True)
    with pytest.raises(FileNotFoundError):  # of a module beside it
        AutoConfig.from_pretrained(folder).save_pretrained(tmp_path / "trained")
    assert (tmp_path / "trained" / "configuration_distilbert.py").exists()


@pytest.mark.parametrize("file", [CONFIG, *FOR_TOKENIZERS])
@pytest.mark.parametrize(
    "kind", ["AutoFeatureExtractor", "AutoTokenizer", "RagTokenizer", "BertJapaneseTokenizer", "Own", ["BertTokenizer"]]
)
def test_only_fast_tokenizers_of_transformers_are_taken(folder, kind, file):
    change(folder, file, tokenizer_class=kind)
    with pytest.raises(SlowTokenizerError, match=rf"\({file}\), which is no fast tokenizer"):
        resolve_checkpoint(str(folder))


def test_transformers_would_take_any_class_and_ask_whether_to_run_its_code(folder, monkeypatch):
    questions = []
    monkeypatch.setattr("builtins.input", lambda question: questions.append(question) or "n")
    change(folder, TOKENIZER_CONFIG, tokenizer_class="AutoFeatureExtractor")
    code = {"auto_map": {"AutoFeatureExtractor": f"{MODULE}.Extractor"}}
    (folder / "preprocessor_config.json").write_text(json.dumps(code))
    with pytest.raises(ValueError):
        AutoTokenizer.from_pretrained(folder)
    assert "Do you wish to run the custom code?" in questions[0]


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


def test_what_transformers_itself_saves_is_taken(folder):
    special = {"layoutlmv2", "mpt"}  # they hold configurations of another library, and of a part
    special |= {kind for kind in CLASSIFIERS if CONFIG_MAPPING[kind].sub_configs}  # and these, of other models
    for kind in set(CLASSIFIERS) - special:
        config = CONFIG_MAPPING[kind](id2label={0: "O", 1: "B-x"}, label2id={"O": 0, "B-x": 1}, torch_dtype="float32")
        config.save_pretrained(folder)
        require_safe(folder, kind)


def test_what_a_training_saves_is_taken(folder, tmp_path):
    as_safetensors = {} if FIXED else {"safe_serialization": True}  # which TensorFlow models are not by default
    Classifier.from_pretrained(folder).save_pretrained(tmp_path / "trained", **as_safetensors)
    AutoTokenizer.from_pretrained(folder, add_prefix_space=True).save_pretrained(tmp_path / "trained")
    assert resolve_checkpoint(str(tmp_path / "trained")) == str(tmp_path / "trained")


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


@needs_torch
def test_weights_that_would_be_loaded_in_place_of_others_are_refused(folder):
    import torch.distributed.checkpoint as dcp
    from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageWriter

    weights = {name: weight.fill_(0.25) for name, weight in load_as_the_notebooks_do(folder).state_dict().items()}
    with pytest.warns(UserWarning, match="in a single process"):
        dcp.save(weights, storage_writer=HuggingFaceStorageWriter(str(folder), save_distributed=True))
        assert load_as_the_notebooks_do(folder).classifier.bias.tolist() == [0.25, 0.25]  # transformers loads them
    with pytest.raises(UnsafeCheckpointError, match=r"the weights in shard-00001-\S+ would be loaded in place"):
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


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("tokenizer.json", "<html>", "the tokenizer of the checkpoint .* cannot be loaded: "),
        ("tokenizer.json", "{}", "the tokenizer of the checkpoint .* cannot be loaded: "),
        ("added_tokens.json", "[]", "the tokenizer of the checkpoint .* cannot be loaded: "),
        (SPECIAL_TOKENS, "[]", "special_tokens_map.json of the checkpoint .* holds no JSON object"),
        (SPECIAL_TOKENS, '{"pad_token": 5}', "the tokenizer of the checkpoint .* cannot be loaded: "),
        (
            CONFIG,
            '{"model_type": "distilbert", "id2label": [1]}',
            "the configuration of .* cannot be loaded: (Value|Attribute)Error",
        ),
        (CONFIG, '{"model_type": "bert", "quantization_config": {"quant_method": "x"}}', "holds quantized weights"),
        (CONFIG, '{"model_type": "bert", "quantization_config": 4}', "holds quantized weights"),
        (CONFIG, f'{{"model_type": "bert", "x": {900 * "["}1{900 * "]"}}}', "cannot be loaded: RecursionError"),
    ],
    ids=range(9),
)
def test_a_file_of_another_form_is_one_message(folder, file, content, message):
    as_older_tokenizers_are(folder)
    (folder / file).write_text(content)
    with pytest.raises(CheckpointUnavailableError, match=message) as caught:
        resolve_checkpoint(str(folder))
    assert "\n" not in str(caught.value)


# What the audit passes over for neither lock, or for that of transformers 4 only (SECURITY.md)


@pytest.mark.skipif(not FIXED, reason="transformers 4.52 has no LightGlue")
@pytest.mark.parametrize("detector", ["own", "superpoint"])
def test_a_part_of_a_model_cannot_ask_for_trust(folder, mark, detector):
    """CVE-2026-5241: until 5.5, LightGlue passed its own trust_remote_code on to the model inside it."""
    remote = {"AutoConfig": f"{MODULE}.Config", "AutoModelForKeypointDetection": f"{MODULE}.Model"}
    part = {"model_type": detector, "auto_map": remote, "_name_or_path": str(folder), "trust_remote_code": True}
    config = {"model_type": "lightglue", "trust_remote_code": True, "keypoint_detector_config": part}
    (folder / CONFIG).write_text(json.dumps(config))
    with pytest.raises(ValueError, match="model type") if detector == "own" else nullcontext():
        transformers.AutoModel.from_config(AutoConfig.from_pretrained(folder))
    assert not mark.exists()
    with pytest.raises(CheckpointUnavailableError, match="transformers has no token classifier"):
        resolve_checkpoint(str(folder))


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
    for path in (
        *(path for path in ROOT.glob("notebooks/**/*.ipynb") if ".ipynb_checkpoints" not in path.parts),
        *ROOT.glob("src/**/*.py"),
        *ROOT.glob("benchmarks/*.py"),
    ):
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
