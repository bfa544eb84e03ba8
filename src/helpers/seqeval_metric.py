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
        """Return what the Hub's metric of this name returns: scores for each type, and ``overall_...``.

        The Hub's takes them from seqeval's report, in which a type called ``micro avg`` or the like would be lost. One
        that is called as a total, such as ``overall_f1``, is put in brackets.
        """
        labelling = seqeval.metrics.sequence_labeling
        entities = [*labelling.get_entities(references), *labelling.get_entities(predictions)]
        names = sorted({name for name, _, _ in entities})

        def scores(average: str | None) -> tuple:
            # zero_division=0: nothing predicted is a precision of 0, as in the shared tasks, and no warning.
            return labelling.precision_recall_fscore_support(references, predictions, average=average, zero_division=0)

        precision, recall, f1, _ = map(float, scores("micro"))
        per_type = {}
        totals = {
            "overall_precision": precision,
            "overall_recall": recall,
            "overall_f1": f1,
            "overall_accuracy": float(seqeval.metrics.accuracy_score(references, predictions)),
        }
        for name, p, r, f, number in zip(names, *scores(None), strict=True):
            key = name
            while key in totals or (key != name and key in names):
                key = f"({key})"
            per_type[key] = {"precision": float(p), "recall": float(r), "f1": float(f), "number": int(number)}
        return per_type | totals
