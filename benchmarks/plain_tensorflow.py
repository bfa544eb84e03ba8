"""The usual recipe for TensorFlow, with nothing but the arguments of the tutorial, for comparison.

python benchmarks/plain_tensorflow.py '{"dataset": "sample", ...}'
"""

import json
import os
import sys
import time

os.environ |= {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}

from clock import keras_clock
from recipe import Recipe

from helpers import metrics
from helpers.checkpoints import find
from helpers.notebook.startup import load_triton_first

load_triton_first()

from transformers import DataCollatorForTokenClassification, TFAutoModelForTokenClassification, create_optimizer
from transformers.keras_callbacks import KerasMetricCallback

recipe = Recipe(**json.loads(sys.argv[1]))
model = TFAutoModelForTokenClassification.from_pretrained(
    recipe.checkpoint,
    use_safetensors=True,
    id2label=recipe.id2label,
    label2id=recipe.label2id,
    **recipe.dropout_rates,
)
model.classifier.kernel.assign(find.draw_head(model.config, recipe.seed))
collator = DataCollatorForTokenClassification(recipe.tokenizer, return_tensors="tf")


def batches(split, shuffle=False):
    return model.prepare_tf_dataset(
        recipe.encoded[split], collate_fn=collator, batch_size=recipe.batch_size, shuffle=shuffle, drop_remainder=False
    )


train, validation, test = batches("train", shuffle=True), batches("validation"), batches("test")
optimizer, _ = create_optimizer(
    init_lr=recipe.learning_rate,
    num_train_steps=len(train) * recipe.epochs,
    num_warmup_steps=0,
    weight_decay_rate=0.01,
    adam_global_clipnorm=1.0,  # without it this learning rate does not train
)
model.compile(optimizer=optimizer)
model.fit(
    train,
    validation_data=validation,
    epochs=recipe.epochs,
    callbacks=[
        KerasMetricCallback(metric_fn=recipe.compute_metrics, eval_dataset=validation),
        keras_clock(f"{recipe.folder}/clock.json"),
    ],
    verbose=0,
)
start = time.perf_counter()
predicted, true = [], []
for inputs, labels in test:
    logits = model.predict_on_batch(inputs)["logits"]
    batch = metrics.tags_from_logits(logits, labels.numpy(), recipe.label_names)
    predicted, true = predicted + batch[0], true + batch[1]
recipe.write_scores(predicted, true, time.perf_counter() - start)
