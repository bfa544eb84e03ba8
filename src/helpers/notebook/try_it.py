"""Show a field for sentences of the reader's own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from IPython.display import HTML, display
from ipywidgets import Button, HBox, Layout, Text

from helpers.highlight import highlight_text
from helpers.notebook.language import translate

if TYPE_CHECKING:
    from transformers import TokenClassificationPipeline


def try_it(classify: TokenClassificationPipeline, entity_types: Sequence[str], sentence: str, *settings: Any) -> None:
    """Show a field with a sentence, and below it, also where no kernel is, the sentence with its entities highlighted.

    ``settings`` are the strategy and the transitions of `helpers.going_further.inference.find_entities`, or neither.
    """

    def found(text: str) -> HTML:
        if not text.strip():
            return HTML(_note(translate("The field is empty: type a sentence into it and press Enter.")))
        from helpers.going_further.inference import find_entities  # here, as opening the lesson needs none of it

        entities = find_entities(classify, text, *settings)
        highlighted = highlight_text(text, entities, entity_types).data
        return HTML(highlighted if entities else highlighted + _note(translate("The model finds no entity here.")))

    field = Text(
        value=sentence,
        description=translate("Sentence"),
        placeholder=translate("Type a sentence and press Enter"),
        continuous_update=False,  # not at each letter, but at Enter, or when the reader leaves the field
        layout=Layout(flex="1 1 14em"),
    )
    button = Button(description=translate("Find entities"))
    display(HBox([field, button], layout=Layout(flex_flow="row wrap")))  # below each other in a narrow window
    shown = display(found(sentence), display_id=True)
    field.observe(lambda _: shown.update(found(field.value)), names="value")
    button.on_click(lambda _: shown.update(found(field.value)))


def _note(message: str) -> str:
    return f"<p><small>{escape(message)}</small></p>"
