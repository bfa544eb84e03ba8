"""seqeval as a metric script, which `evaluate.load` reads from disk: no download, no network."""

import datasets
import evaluate
from seqeval.metrics import accuracy_score
from seqeval.metrics.sequence_labeling import get_entities, precision_recall_fscore_support

NAMES = ("precision", "recall", "f1")


class Seqeval(evaluate.Metric):
    """Precision, recall and F1 over entities, micro-averaged and per type, and the accuracy over words."""

    def _info(self) -> evaluate.MetricInfo:
        tags = datasets.List(datasets.Value("string"))
        return evaluate.MetricInfo(
            description="Scores entities: one counts only if its type and both of its boundaries are right.",
            citation="https://github.com/chakki-works/seqeval",
            inputs_description="predictions and references: one list of IOB2 tags for each sentence",
            features=datasets.Features({"predictions": tags, "references": tags}),
        )

    def _compute(self, predictions: list[list[str]], references: list[list[str]]) -> dict:
        """Return what the Hub's metric of this name does, but in brackets a type that is called as a total is."""

        def scores(average: str | None) -> tuple:
            # zero_division=0: nothing predicted is a precision of 0, as in the shared tasks, and no warning.
            return precision_recall_fscore_support(references, predictions, average=average, zero_division=0)

        names = sorted({name for name, _, _ in get_entities(references) + get_entities(predictions)})
        totals = {f"overall_{name}": float(score) for name, score in zip(NAMES, scores("micro"), strict=False)}
        totals["overall_accuracy"] = float(accuracy_score(references, predictions))
        per_type = {}
        for name, *values, number in zip(names, *scores(None), strict=True):
            key = name
            while key in totals or (key != name and key in names):
                key = f"({key})"
            per_type[key] = {**dict(zip(NAMES, map(float, values), strict=True)), "number": int(number)}
        return per_type | totals
