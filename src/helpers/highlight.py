"""What the notebooks show besides figures: sentences with their entities highlighted, and source code."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from itertools import accumulate, groupby, islice
from textwrap import dedent

from datasets import Dataset
from IPython.display import HTML, Markdown
from seqeval.metrics.sequence_labeling import get_entities

from helpers.alignment import TaggedWords, marks_characters
from helpers.metrics import OUTCOMES, Match
from helpers.notebook.language import translate

# Chosen so that any two are as far apart as possible, for normal and for colour-blind eyes (tests/test_colours.py), and
# black text stands out on each.
PALETTE = ("#79cdff", "#acac47", "#eebccd", "#ac8aff", "#79ac8a", "#bcde9b", "#de8abc", "#8aff47")
# With all spaces and line breaks.
AS_WRITTEN = (
    "font:inherit;white-space:pre-wrap;word-break:normal;background:none"
    ";line-height:1.9;margin:.4em 0;overflow-wrap:anywhere"
)
# The last two: an entity that runs over the end of a line has its shape on both lines.
MARK = (
    "background:{colour};color:#000;padding:.1em .35em;border-radius:.35em"
    ";-webkit-box-decoration-break:clone;box-decoration-break:clone"
)
# Classes by which JupyterLab and Colab leave a $ in a word alone, rather than set what follows as a formula.
NO_FORMULAS = "mathjax_ignore tex2jax_ignore"
TYPE_NAME = "font-size:.7em;font-weight:600;margin-left:.4em;vertical-align:.1em"
LONG_DOCSTRING = re.compile(r'("""[^\n]*)\n.*?"""', re.DOTALL)


def type_colours(entity_types: Sequence[str]) -> dict[str, str]:
    """Give each entity type a colour (CSS hexadecimal); they repeat after eight types."""
    return {entity_type: PALETTE[i % len(PALETTE)] for i, entity_type in enumerate(entity_types)}


def entity_types(label_names: Sequence[str]) -> list[str]:
    """List the types that IOB2 labels name, sorted."""
    return sorted({name[2:] for name in label_names if name != "O"})


def highlight(sentences: Iterable[tuple[Sequence[str], Sequence[str]]], entity_types: Sequence[str]) -> HTML:
    """Show words and their IOB2 tags, with entities in colours and types behind; `entity_types` are all of the data."""
    colours = type_colours(entity_types)
    return HTML("\n".join(_paragraph(*_as_text(words, tags), colours) for words, tags in sentences))


def highlight_rows(rows: Dataset, count: int = 6) -> HTML:
    """Show the first sentences of a split that have entities, with these highlighted."""
    names = rows.features["ner_tags"].feature.names
    outside = names.index("O")
    chosen = islice((row for row in rows if set(row["ner_tags"]) - {outside}), count)
    if not marks_characters(rows):
        return highlight(
            [(row["tokens"], [names[tag] for tag in row["ner_tags"]]) for row in chosen], entity_types(names)
        )
    marked = ((row["text"], [{**span, "entity_group": span["label"]} for span in row["spans"]]) for row in chosen)
    return HTML("\n".join(highlight_text(text, spans, entity_types(names)).data for text, spans in marked))


def highlight_text(text: str, entities: Iterable[Mapping], entity_types: Sequence[str]) -> HTML:
    """Show a text as it was written, with its entities highlighted, which are as a pipeline gives them if it joins."""
    return HTML(_paragraph(text, entities, type_colours(entity_types)))


def highlight_mistakes(matches: Sequence[Match], tagged: TaggedWords, count: int = 6) -> HTML:
    """Show the first sentences with mistakes (`match_entities`), each as it should be and as the model finds it."""
    kinds = translate("wrong boundary"), translate("wrong type"), translate("missed"), translate("spurious")
    names = dict(zip(OUTCOMES[1:], kinds, strict=True))
    mistakes = groupby((match for match in matches if match.outcome in names), key=lambda match: match.sentence)
    colours = type_colours(sorted({span.label for match in matches for span in match[2:] if span}))
    paragraphs = []
    for sentence, found in islice(mistakes, count):
        outcomes = dict.fromkeys(names[match.outcome] for match in found)
        truth = translate("{outcome}: how it should be", outcome=", ".join(outcomes))
        for tags, caption in ((tagged.true, truth), (tagged.predicted, translate("what the model finds"))):
            text, entities = _as_text(tagged.words[sentence], tags[sentence], tagged.gaps[sentence])
            paragraphs.append(_paragraph(text, entities, colours, caption))
    return HTML("\n".join(paragraphs))


def _as_text(words: Sequence[str], tags: Sequence[str], gaps: Sequence[str] = ()) -> tuple[str, list[dict]]:
    """Join words with what stands behind them, by default spaces, and make entities of tags, as a pipeline has them."""
    gaps = [*(gaps or [" "] * len(words))[:-1], ""][: len(words)]
    pieces = [word + gap for word, gap in zip(words, gaps, strict=True)]
    starts = [0, *accumulate(map(len, pieces))]
    entities = [
        {"entity_group": entity_type, "start": starts[first], "end": starts[last] + len(words[last])}
        for entity_type, first, last in get_entities(list(tags))
    ]
    return "".join(pieces), entities


def _paragraph(text: str, entities: Iterable[Mapping], colours: Mapping[str, str], caption: str = "") -> str:
    pieces, position = [], 0
    for entity in entities:
        style = MARK.format(colour=colours[entity["entity_group"]])
        # Word joiners keep the type whole, and in the line in which its entity ends.
        name = "&NoBreak;" + escape(entity["entity_group"]).replace("-", "-&NoBreak;")
        pieces += [
            escape(text[position : entity["start"]]),
            f'<mark style="{style}">{escape(text[entity["start"] : entity["end"]])}',
            f'<span style="{TYPE_NAME}">{name}</span></mark>',
        ]
        position = entity["end"]
    content = "".join([*pieces, escape(text[position:])])
    above = f"<small><b>{escape(caption)}</b></small><br>" if caption else ""
    # <pre>, as nbconvert makes one space of several between two tags elsewhere; <bdi>: text of either direction, by its
    # own first letters, not by the caption's
    return f'<pre class="{NO_FORMULAS}" style="{AS_WRITTEN}">{above}<bdi>{content}</bdi></pre>'


def show_source(*functions: Callable) -> Markdown:
    """Show the source of some functions, with the first line of each docstring, for a notebook to display."""
    sources = [LONG_DOCSTRING.sub(r'\1"""', dedent(inspect.getsource(function))) for function in functions]
    return Markdown("```python\n" + "\n\n".join(sources) + "```")
