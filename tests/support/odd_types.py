"""Names of entity types that are also the names of something else: of a tag, of a total, or of a score."""

ODD_TYPES = (
    *("O", "B", "_", "B-O", "none", "(none)", "all", "(all)"),
    *("micro avg", "macro avg", "weighted avg", "x avg", "per_type", "number"),
    *("accuracy", "f1", "overall_f1", "overall_accuracy", "nan", "null", "items"),
)
