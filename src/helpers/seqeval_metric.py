"""seqeval as a metric script, which `evaluate.load` reads from disk: no download, no network."""

import datasets
import evaluate
import seqeval.metrics

DESCRIPTION = "Scores entities, not words: an entity counts only if its type and both of its boundaries are right."
CITATION = "https://github.com/chakki-works/seqeval"
INPUTS_DESCRIPTION = """predictions : list of list of str
    One list of IOB2 tags for each sentence.
references : list of list of str
    The true tags, of the same lengths."""


class Seqeval(evaluate.Metric):
    """Precision, recall and F1 over entities, micro-averaged and per type, and the accuracy over words."""

    def _info(self) -> evaluate.MetricInfo:
        tags = datasets.List(datasets.Value("string"))
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS_DESCRIPTION,
            features=datasets.Features({"predictions": tags, "references": tags}),
        )

    def _compute(self, predictions: list[list[str]], references: list[list[str]]) -> dict:
        """Return what the Hub's metric of this name returns: scores for each type, and ``overall_...``."""
        # zero_division=0: nothing predicted is a precision of 0, as in the shared tasks, and no warning.
        # Without any entity there is no type to average over, of which seqeval would warn.
        report = {}
        if any(tag != "O" for tags in [*references, *predictions] for tag in tags):
            report = seqeval.metrics.classification_report(references, predictions, output_dict=True, zero_division=0)
        overall = report.pop("micro avg", {"precision": 0.0, "recall": 0.0, "f1-score": 0.0})
        per_type = {
            name: {
                "precision": float(scores["precision"]),
                "recall": float(scores["recall"]),
                "f1": float(scores["f1-score"]),
                "number": int(scores["support"]),
            }
            for name, scores in report.items()
            if not name.endswith(" avg")
        }
        return per_type | {
            "overall_precision": float(overall["precision"]),
            "overall_recall": float(overall["recall"]),
            "overall_f1": float(overall["f1-score"]),
            "overall_accuracy": float(seqeval.metrics.accuracy_score(references, predictions)),
        }
