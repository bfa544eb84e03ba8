"""Write a model's card from its run's record."""

from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from helpers.checkpoints.find import BUNDLED_NAME, is_folder_name
from helpers.checkpoints.safety import CARD
from helpers.data.load import SAMPLES
from helpers.disk.files import atomic_write
from helpers.hub.fetch import DatasetName
from helpers.metrics import SCORES
from helpers.notebook.editions import EDITIONS

SETTINGS = ("epochs", "learning_rate", "batch_size", "weight_decay", "seed", "max_train_examples", "speedups")
TEMPLATE = """\
---
{{ card_data }}
---

# {{ title }}

{{ code(encoder) }} with a classifier on top, fine-tuned to find named entities in text, with {{ edition }}.

## Data

{{ code(dataset) }}:
{%- for split, count in results.dataset.sentences.items() %} {{ count }} {{ split }} sentences
{{- "." if loop.last else "," }}{% endfor %} The SHA-256 of its words, tags and labels is
{{ code(results.dataset.digest) }}.

## Scores

On the test split. Entities count if their type and both of their boundaries are right (seqeval).
{%- macro finder(strategy) %}{{ code('pipeline("ner", aggregation_strategy="%s")' % strategy) }}{% endmacro %}
{%- if results.dataset.aggregation_strategy == "simple" %} They are what {{ finder("simple") }} finds.
{%- elif results.dataset.aggregation_strategy %} The texts were split into words; in raw text {{ finder("first") }}
finds the ends of words by white space, with some tokenizers by punctuation too.{% endif %}
On other kinds of text, scores can be far lower.

| entities | precision | recall | F1 | in the test split |
| --- | --- | --- | --- | --- |
{%- macro row(name, scores, support) %}
| {{ name }} | {{ "%.3f | %.3f | %.3f" | format(scores.precision, scores.recall, scores.f1) }} | {{ support }} |
{%- endmacro %}
{%- for name, scores in results.test.per_type.items() %}{{ row(code(name), scores, scores.number) }}{% endfor %}
{{- row("all", results.test, results.test.per_type.values() | sum("number")) }}

Accuracy, over words: {{ "%.3f" | format(results.test.accuracy) }}
{%- if results.decoded %}

That is with each word's best label. With the best valid sequence instead (no `I-` that continues nothing), all entities
have the F1 {{ "%.3f" | format(results.decoded.f1) }}.{% endif %}

## Training
{% for name in settings %}
- {{ code(name) }}: {{ results.parameters[name] }}
{%- endfor %}

## Licence

{% if licences == ["unknown"] %}The encoder's card names no licence.
{%- else %}As its encoder: {% for name in licences %}{{ code(name) }}{{ ", " if not loop.last }}{% endfor %}{% endif %}
"""


def write_card(folder: str, results: dict, licence: str | list[str]) -> ModelCard:
    """Write a model's card, in English and without paths of this machine, by the record of its run (`read_results`)."""
    model, data = results["model"]["name"], results["dataset"]["name"]
    encoder, dataset = public_name(model), public_name(data)
    repository = None if data in SAMPLES or is_folder_name(data) else DatasetName.of(data).repository
    title, names = "{}, fine-tuned on {}", (encoder.rpartition("/")[2], dataset.rpartition("/")[2])
    task = "token-classification"
    scored = {
        "task_type": task,
        "dataset_type": repository or dataset,
        "dataset_name": dataset,
        "dataset_split": "test",
    }
    metadata = ModelCardData(
        language=results["dataset"].get("language"),
        library_name="transformers",
        pipeline_tag=task,
        license=licence,
        # The Hub refuses a card that names anything but repositories here.
        base_model=None if is_folder_name(model) else encoder.partition("@")[0],
        datasets=repository and [repository],
        metrics=list(SCORES),
        model_name=title.format(*names),
        eval_results=[EvalResult(metric_type=name, metric_value=results["test"][name], **scored) for name in SCORES],
    )
    card = ModelCard.from_template(
        metadata,
        template_str=TEMPLATE,
        code=as_code,
        title=title.format(*map(as_code, names)),
        encoder=encoder,
        dataset=dataset,
        edition=EDITIONS[results["edition"]],
        results=results,
        settings=SETTINGS,
        licences=[licence] if isinstance(licence, str) else licence,
    )
    with atomic_write(Path(folder) / CARD) as unfinished:
        card.save(unfinished)
    return card


def public_name(name: str) -> str:
    """Return the name that others know the value of a parameter by: of a folder, only the last part."""
    if name == "bundled":
        return BUNDLED_NAME
    return Path(name).expanduser().absolute().name if is_folder_name(name) else name


def as_code(text: str) -> str:
    """Format text as Markdown code, in one line, so that nothing in it is read as Markdown, HTML or a table's cell."""
    return "`" + " ".join(text.split()).replace("`", "'").replace("|", r"\|") + "`"
