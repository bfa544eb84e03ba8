"""What the notebooks show besides figures: sentences with their entities highlighted, and source code."""

import inspect
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from html import escape
from itertools import accumulate, groupby, islice
from statistics import fmean
from textwrap import dedent

from datasets import Dataset
from IPython.display import HTML, Markdown
from seqeval.metrics.sequence_labeling import get_entities

from helpers.alignment import TaggedWords, marks_characters
from helpers.data.tagging import Span
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
# Of mistakes: a box, a group, words, a line below them, entities that are part of a mistake and others, what differs.
BOX = "max-height:36em;overflow:auto;border:1px solid gray;border-radius:.35em;padding:.2em .8em"
GROUP = 'style="margin:.3em 0 .3em .8em"'
STACK = "display:inline-block;vertical-align:top"
LINE = "display:block;font-size:.7em;line-height:1.4;margin:.2em 0;padding:0 .35em"
OWN, OTHER = ";background:{colour};color:#000", ";border-top:.2em solid {colour};opacity:.75"
RULE, OUTLINE = ";border-bottom:1px dotted gray;padding:.15em", ";border:.12em dashed;margin-top:-.12em"
CONTEXT, LONGEST, MOST_MISTAKES = 12, 100, 1_000
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


def highlight_mistakes(
    matches: Sequence[Match],
    tagged: TaggedWords,
    label_names: Sequence[str],
    training_names: Collection[str] = (),
    scores: Sequence[Sequence[float]] = (),
) -> HTML:
    """Show the mistakes among matches (`match_entities`), folded by outcome and type, true types above predicted ones.

    With `training_names`, the texts of entities, they are also folded by whether theirs is among these. With `scores`,
    the probabilities of each sentence's predicted tags, the surest come first.
    """
    sure = {m: fmean(scores[m.sentence][slice(*(m.predicted or m.true)[:2])]) for m in matches if scores}
    colours, groups, blocks = type_colours(entity_types(label_names)), defaultdict(list), {}
    for match in sorted(matches, key=lambda match: -sure.get(match, 0)):
        if match.outcome != OUTCOMES[0]:
            groups[_group(match, tagged, training_names)].append(match)
    ranked = sorted((rank, path) for path, found in groups.items() for rank in range(len(found)))
    room = Counter(path for _, path in ranked[:MOST_MISTAKES])  # as much for each group, as far as it has mistakes
    for path, found in groups.items():
        shown = [_aligned(match, tagged, colours, sure.get(match)) for match in found[: room[path]]]
        if len(shown) < len(found):
            shown.append(translate("{count:,} more are left out.", count=len(found) - len(shown)))
        blocks[path] = len(found), "\n".join(shown)
    return HTML(f'<div class="{NO_FORMULAS}" style="{BOX}">{_folded(blocks) or translate("no mistakes")}</div>')


def _group(match: Match, tagged: TaggedWords, training_names: Collection[str]) -> tuple[str, ...]:
    """Name a mistake's outcome, its type and, if names to learn from are given, whether its own is one of them."""
    kinds = translate("wrong boundary"), translate("wrong type"), translate("missed"), translate("spurious")
    types = dict.fromkeys(_shortened(span.label) for span in match[2:] if span)
    path = kinds[OUTCOMES.index(match.outcome) - 1], " → ".join(types)
    span = match.true or match.predicted
    words, gaps = (of_text[match.sentence][span.start : span.end] for of_text in (tagged.words, tagged.gaps))
    seen = _as_text(words, (), gaps)[0] in training_names
    novelty = translate("name seen in training") if seen else translate("name not seen in training")
    return (*path, novelty) if training_names else path


def _folded(blocks: Mapping[tuple[str, ...], tuple[int, str]], is_open: bool = True) -> str:
    """Fold counts and HTML by the names that lead there, level by level, the largest first, which is open."""
    # Checkboxes and a style sheet could filter without a script, too, but JupyterLab and the site take them out.
    pieces, names = [], (path[0] for path, (count, _) in blocks.items() for _ in range(count))
    for name, count in Counter(names).most_common():
        inner = {path[1:]: block for path, block in blocks.items() if path[0] == name}
        content = inner[()][1] if () in inner else _folded(inner, is_open)
        opened, is_open = " open" if is_open else "", False
        pieces.append(f"<details {GROUP}{opened}><summary>{escape(name)} ({count:,})</summary>{content}</details>")
    return "".join(pieces)


def _aligned(match: Match, tagged: TaggedWords, colours: Mapping[str, str], sure: float | None) -> str:
    """Show a mistake and some words around it, above two lines: the true types, then the predicted ones."""
    words, gaps = ([_shortened(part) for part in parts[match.sentence]] for parts in (tagged.words, tagged.gaps))
    lines = zip(*(_span_of_each(tags[match.sentence]) for tags in (tagged.true, tagged.predicted)), strict=True)
    edges = [edge for span in match[2:] if span for edge in span[:2]]
    near = [pair if any(-CONTEXT <= i - edge < CONTEXT for edge in edges) else () for i, pair in enumerate(lines)]
    pieces = [f"<small>{translate('{share:.0%} sure', share=sure)}</small>  " if sure else "", "<bdi>"]
    for spans, group in groupby(range(len(words)), key=near.__getitem__):
        first, *_, last = [*group] * 2
        text = _as_text(words[first : last + 1], (), gaps[first : last + 1])[0]
        pieces.append(_stacked(text, first, spans, match, colours) + escape(gaps[last]) if spans else "… ")
    return f'<pre style="{AS_WRITTEN}{RULE}">{"".join(pieces)}</bdi></pre>'


def _stacked(text: str, first: int, spans: Sequence[Span | None], match: Match, colours: Mapping[str, str]) -> str:
    """Put the true and the predicted entity of words below their text, unless only other mistakes are about them."""
    own = [span is not None and span == of_match for span, of_match in zip(spans, match[2:], strict=True)]
    differs = any(own) and not (all(own) and spans[0].label == spans[1].label)
    rows = []
    for span, mine, line in zip(spans, own, (translate("true: {type}"), translate("predicted: {type}")), strict=True):
        name = _shortened(span.label) if span else translate("none")
        name = line.format(type=name) if mine or differs else name
        begins = (differs and not mine) or (span and first == span.start)
        style = (OWN if mine else OTHER).format(colour=colours[span.label]) if span else ""
        tag = "mark" if mine else "span"
        rows.append(f'<{tag} style="{LINE}{style}">{escape(name) if begins else "&nbsp;"}</{tag}>')
    stack = f'<span style="{STACK}{OUTLINE if differs else ""}">{escape(text)}{"".join(rows)}</span>'
    return stack if any(own) or spans[0] == spans[1] is not None else escape(text)


def _span_of_each(tags: Sequence[str]) -> list[Span | None]:
    spans = [Span(first, last + 1, entity_type) for entity_type, first, last in get_entities(list(tags))]
    return [next((span for span in spans if span.start <= word < span.end), None) for word in range(len(tags))]


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}…{text[-LONGEST // 2 :]}"


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


def _paragraph(text: str, entities: Iterable[Mapping], colours: Mapping[str, str]) -> str:
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
    # <pre>, as nbconvert makes one space of several between two tags elsewhere; <bdi>: text of either direction
    return f'<pre class="{NO_FORMULAS}" style="{AS_WRITTEN}"><bdi>{content}</bdi></pre>'


def show_source(*functions: Callable) -> Markdown:
    """Show the source of some functions, with the first line of each docstring, for a notebook to display."""
    sources = [LONG_DOCSTRING.sub(r'\1"""', dedent(inspect.getsource(function))) for function in functions]
    return Markdown("```python\n" + "\n\n".join(sources) + "```")
