"""A field in the notebook for sentences of the reader's own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from IPython.display import HTML, display
from ipywidgets import Button, HBox, Layout, Text

from helpers.highlight import highlight_text
from helpers.notebook.language import translate

if TYPE_CHECKING:
    from transformers import TokenClassificationPipeline


def try_it(
    classify: TokenClassificationPipeline, entity_types: Sequence[str], sentence: str, strategy: str = "first"
) -> None:
    """Show a field, and below it the sentence that is in it with its entities highlighted.

    What is below is an output of its own, not part of the widget: a page without a kernel shows it, too.

    Parameters
    ----------
    classify : TokenClassificationPipeline
        As for `helpers.inference.find_entities`.
    entity_types : sequence of str
        As for `helpers.highlight.highlight`.
    sentence : str
        What is in the field at first.
    strategy : {"first", "simple"}
        As `helpers.alignment.aggregation_strategy` gives it.
    """
    field = Text(
        value=sentence,
        description=translate("Sentence"),
        placeholder=translate("Type a sentence and press Enter"),
        continuous_update=False,  # not at each letter, but at Enter, or when the reader leaves the field
        layout=Layout(flex="1 1 14em"),
    )
    button = Button(description=translate("Find entities"))
    display(HBox([field, button], layout=Layout(flex_flow="row wrap")))  # below each other in a narrow window
    shown = display(_found(sentence, classify, entity_types, strategy), display_id=True)

    def show_anew(_) -> None:
        shown.update(_found(field.value, classify, entity_types, strategy))

    field.observe(show_anew, names="value")
    button.on_click(show_anew)


def _found(text: str, classify: TokenClassificationPipeline, entity_types: Sequence[str], strategy: str) -> HTML:
    if not text.strip():
        return HTML(_note(translate("The field is empty: type a sentence into it and press Enter.")))
    from helpers.inference import find_entities  # here, as opening the lesson needs none of it

    entities = find_entities(classify, text, strategy)
    highlighted = highlight_text(text, entities, entity_types).data
    return HTML(highlighted if entities else highlighted + _note(translate("The model finds no entity here.")))


def _note(message: str) -> str:
    return f"<p><small>{escape(message)}</small></p>"
