"""The libraries' own calls that push a model, as the notebooks make them, reach a Hub; what they push is known."""

from importlib.util import find_spec

import huggingface_hub
import pytest

from hub.content import TINY_ENCODER
from hub.server import WRITE_TOKEN

REPOSITORY = "ada/names"
CARD = {"dataset": {"name": "sample", "digest": "d", "sentences": {"train": 8}}, "model": {"name": "bundled"}}
CARD |= {"parameters": dict.fromkeys("epochs learning_rate batch_size weight_decay seed".split(), 1)}
CARD["parameters"] |= {"max_train_examples": 0, "speedups": True}
CARD |= {"test": {"precision": 0.5, "recall": 0.5, "f1": 0.5, "accuracy": 0.5, "per_type": {}}}
TRAIN = f"""
from pathlib import Path
from datasets import Dataset
from transformers import AutoModelForTokenClassification, DataCollatorForTokenClassification, Trainer, TrainingArguments
name = publish.require_repository("names")
tokenizer = AutoTokenizer.from_pretrained({str(TINY_ENCODER)!r})
model = AutoModelForTokenClassification.from_pretrained({str(TINY_ENCODER)!r}, use_safetensors=True)
rows = Dataset.from_list(8 * [{{"input_ids": [2, 9, 3], "labels": [-100, 1, -100]}}])
args = TrainingArguments(
    output_dir=output_dir,
    num_train_epochs=2,
    save_strategy="epoch",
    push_to_hub=True,
    hub_model_id=name,
    report_to="none",
    use_cpu=True,
)
publish.ignore_pickles(Path(args.output_dir))
trainer = Trainer(model, args, DataCollatorForTokenClassification(tokenizer), rows, processing_class=tokenizer)
trainer.train()
trainer.push_to_hub()
"""
FIT = f"""
import os
import tensorflow as tf
from transformers import PushToHubCallback, TFAutoModelForTokenClassification
name = publish.require_repository("names")
publish.push_over_http()
tokenizer = AutoTokenizer.from_pretrained({str(TINY_ENCODER)!r})
model = TFAutoModelForTokenClassification.from_pretrained({str(TINY_ENCODER)!r}, use_safetensors=True)
model.compile(optimizer="adam", jit_compile=False)
rows = tf.data.Dataset.from_tensors({{"input_ids": [[2, 9, 3]], "labels": [[-100, 1, -100]]}})
open(os.path.join(output_dir, ".lock"), "w").close()
callback = PushToHubCallback(output_dir, tokenizer=tokenizer, hub_model_id=name)
model.fit(rows, epochs=2, callbacks=[callback], verbose=0)
"""


def pushed(hub):
    return hub.repositories["models", REPOSITORY].contents


def files_with(text, folder):
    return [path for path in folder.rglob("*") if path.is_file() and text in path.read_bytes()]


@pytest.fixture
def output_dir(tmp_path):
    folder = tmp_path / "output"
    folder.mkdir()
    return folder


@pytest.mark.skipif(not find_spec("torch"), reason="PyTorch is not installed here")
def test_trainer_pushes_the_model_without_pickles(hub, client, output_dir):
    done = client.run(f"output_dir = {str(output_dir)!r}{TRAIN}")
    assert done.status == 0, done.output
    files = pushed(hub)
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "README.md"} <= files.keys()
    assert (output_dir / "training_args.bin").exists()
    assert [name for name in files if name.endswith((".bin", ".pt", ".pth")) or "checkpoint" in name] == []
    assert files["model.safetensors"] == (output_dir / "model.safetensors").read_bytes()
    assert [name for name, content in files.items() if str(output_dir).encode() in content] == []
    assert files_with(WRITE_TOKEN.encode(), output_dir) == []


@pytest.mark.skipif(not hasattr(huggingface_hub, "set_client_factory"), reason="release 0 checks cards at the real Hub")
def test_the_card_is_pushed_in_place_of_an_earlier_one(hub, client, output_dir):
    hub.add("models", REPOSITORY).commit({"README.md": b"# by another program\n", "config.json": b"{}"})
    code = "from helpers.hub.card import write_card; write_card({!r}, {!r}, 'mit').push_to_hub({!r})"
    done = client.run(code.format(str(output_dir), CARD | {"edition": "pytorch"}, REPOSITORY))
    assert done.status == 0, done.output
    assert pushed(hub)["README.md"] == (output_dir / "README.md").read_bytes()
    assert b"license: mit" in pushed(hub)["README.md"]
    assert pushed(hub)["config.json"] == b"{}"


def test_upload_folder_pushes_all_but_what_a_gitignore_names(hub, client, output_dir):
    for name in ("config.json", "model.safetensors", "optimizer.pt"):
        (output_dir / name).write_text(name)
    code = "from pathlib import Path; publish.ignore_pickles(Path({folder!r})); "
    code += "from huggingface_hub import upload_folder; name = publish.require_repository('names'); "
    code += "upload_folder(repo_id=name, folder_path={folder!r})"
    done = client.run(code.format(folder=str(output_dir)))
    assert done.status == 0, done.output
    assert pushed(hub).keys() == {".gitattributes", ".gitignore", "config.json", "model.safetensors"}
    assert hub.asked(f"/api/models/{REPOSITORY}/preupload/")[-1].json()["gitIgnore"] == "*.bin\n*.pt\n*.pth\n"


@pytest.mark.skipif(not find_spec("tf_keras"), reason="needs transformers 4, which has PushToHubCallback")
def test_the_keras_callback_of_transformers_4_pushes_without_git_and_without_leaving_the_token(hub, client, output_dir):
    done = client.run(f"output_dir = {str(output_dir)!r}{FIT}")
    assert done.status == 0, done.output
    assert {"config.json", "tokenizer.json", "README.md", "tf_model.h5"} <= pushed(hub).keys()
    assert pushed(hub)["tf_model.h5"] == (output_dir / "tf_model.h5").read_bytes()
    assert not (output_dir / ".git").exists()
    assert files_with(WRITE_TOKEN.encode(), output_dir) == []
    assert len(hub.repositories["models", REPOSITORY].commits) == 1 + 2  # an epoch each; the end changes nothing
