"""The usual recipe for PyTorch, with nothing but the arguments of the tutorial, for comparison.

python benchmarks/plain_pytorch.py '{"dataset": "sample", ...}'
"""

import json
import os
import sys
import time

os.environ["USE_TF"] = "0"

import torch
import transformers
from clock import trainer_clock
from recipe import Recipe
from transformers import (
    AutoModelForTokenClassification,
    DataCollatorForTokenClassification,
    Trainer,
    TrainingArguments,
)

from helpers import metrics
from helpers.checkpoints import find

recipe = Recipe(**json.loads(sys.argv[1]))
model = AutoModelForTokenClassification.from_pretrained(
    recipe.checkpoint,
    use_safetensors=True,
    id2label=recipe.id2label,
    label2id=recipe.label2id,
    **recipe.dropout_rates,
)
model.classifier.weight.data = torch.tensor(find.draw_head(model.config, recipe.seed).T)
transformers.logging.set_verbosity_error()
trainer = Trainer(
    model=model,
    args=TrainingArguments(
        output_dir=f"{recipe.folder}/checkpoints",
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=recipe.batch_size,
        weight_decay=0.01,
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="f1",
        save_total_limit=1,
        seed=recipe.seed,
        report_to="none",
        disable_tqdm=True,
    ),
    train_dataset=recipe.encoded["train"],
    eval_dataset=recipe.encoded["validation"],
    processing_class=recipe.tokenizer,
    data_collator=DataCollatorForTokenClassification(recipe.tokenizer),
    compute_metrics=recipe.compute_metrics,
    callbacks=[trainer_clock(f"{recipe.folder}/clock.json")],
)
trainer.train()
start = time.perf_counter()
prediction = trainer.predict(recipe.encoded["test"])
predicted, true = metrics.tags_from_logits(prediction.predictions, prediction.label_ids, recipe.label_names)
recipe.write_scores(predicted, true, time.perf_counter() - start)
