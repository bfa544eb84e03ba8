"""Read YAML in which no key stands twice."""

from pathlib import Path
from typing import Any

import yaml

from helpers.disk.files import require_file
from helpers.notebook.language import translate


class _OneValueEach(yaml.SafeLoader):
    """Refuses a key that stands twice, of which PyYAML takes the last."""

    def compose_mapping_node(self, anchor: str | None) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if (key.tag, key.value) in seen:
                text = translate("{key} stands there twice", key=repr(key.value[:50]))
                raise yaml.composer.ComposerError(None, None, text, key.start_mark)
            seen.add((key.tag, key.value))
        return node


def read_yaml(path: Path) -> Any:
    """Read a YAML file that holds plain values; raises `OSError`, `ValueError`, `RecursionError` or `YAMLError`."""
    require_file(path)
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _OneValueEach)
    except (ArithmeticError, AttributeError, LookupError, TypeError) as error:
        # PyYAML passes on whatever Python's own conversions raise: of "!!bool maybe", say.
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(translate("something in it is not what its tag says ({reason})", reason=reason)) from error
