"""Train with PyTorch, fast or by the plain recipe, and print speed and F1; `speed.py` runs it.

python benchmarks/train_pytorch.py '{"dataset": "sample", "speedups": true, "seed": 42, "epochs": 1, ...}'
"""

import tempfile

from recipe import BATCH_SIZE, WARM_UP, WEIGHT_DECAY, Recipe, print_results, read_recipe
from transformers import (
    AutoModelForTokenClassification,
    DataCollatorForTokenClassification,
    Trainer,
    TrainingArguments,
    set_seed,
)

from helpers.metrics import tags_from_logits
from helpers.notebook.startup import prepare_framework
from helpers.training import speed


def main() -> None:
    """Train briefly to warm up, then from the start again; score the test split."""
    prepare_framework("pytorch")
    recipe = read_recipe()
    with tempfile.TemporaryDirectory() as folder:
        # Apart, as `Trainer` takes the longest sentences first: without them the rest would look too fast.
        make_trainer(recipe, folder, sentences=WARM_UP * BATCH_SIZE).train()
        trainer = make_trainer(recipe, folder, sentences=len(recipe.train))
        trained = trainer.train()
        logits, labels, _ = trainer.predict(recipe.test)
    predicted, true = tags_from_logits(logits, labels, recipe.names)
    numbers = "bfloat16" if trainer.args.bf16 else "float16" if trainer.args.fp16 else "float32"
    print_results(numbers, trained.metrics["train_samples_per_second"], true, predicted)


def make_trainer(recipe: Recipe, folder: str, sentences: int) -> Trainer:
    """Bring together what trains a new model on the first sentences."""
    speedups, seed = recipe.settings["speedups"], recipe.settings["seed"]
    set_seed(seed)
    model = AutoModelForTokenClassification.from_pretrained(
        recipe.checkpoint, num_labels=len(recipe.names), use_safetensors=True, dtype="float32"
    )
    model.base_model.embeddings.requires_grad_(not speedups)
    arguments = TrainingArguments(
        folder,
        num_train_epochs=recipe.settings["epochs"],
        learning_rate=recipe.settings["learning_rate"],
        per_device_train_batch_size=BATCH_SIZE,
        per_device_eval_batch_size=2 * BATCH_SIZE,
        weight_decay=WEIGHT_DECAY,
        save_strategy="no",
        seed=seed,
        **speed.settings(speedups),
    )
    rows = recipe.train.select(range(min(sentences, len(recipe.train))))
    return Trainer(model, arguments, DataCollatorForTokenClassification(recipe.tokenizer), train_dataset=rows)


if __name__ == "__main__":
    main()
