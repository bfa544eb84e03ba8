"""Find the entities of a text as a model was trained to: word by word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from seqeval.metrics.sequence_labeling import get_entities
from tokenizers import Regex, pre_tokenizers

from helpers.checkpoints.word_tokenizer import keep_words_apart
from helpers.decoding import viterbi
from helpers.going_further.windows import counted_ranges, first_subwords

if TYPE_CHECKING:
    from transformers import TokenClassificationPipeline

# Words as annotated posts and news have them: punctuation and what an apostrophe leads in are words of their own,
# addresses, @names, #topics, numbers and what hyphens join are whole. Chinese and Japanese are cut into characters.
WORD = Regex(
    r"(?i)(?:https?://|www\.)\S+"
    r"|[\p{Han}\p{Hiragana}\p{Katakana}]"
    r"|\w+(?=n['\u2019]t\b)|n['\u2019]t\b|['\u2019](?:s|m|d|re|ve|ll)\b"
    r"|[@#]?\w+(?:[-.,:/&@'\u2019](?!(?:s|m|d|re|ve|ll)\b)\w+)*"
    r"|\.{2,}|\X"
)
WORDS = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(WORD, "isolated")])


def find_entities(
    classifier: TokenClassificationPipeline, text: str, strategy: str = "first", transitions: np.ndarray | None = None
) -> list[dict[str, Any]]:
    """Find the entities of a text, as a pipeline gives them; their scores are the mean probability of their words.

    For a pipeline, a word ends only at white space with most tokenizers, so that it finds ``Oslo.`` and misses
    ``(Lima)``. Here the text is split into words first, each word's first subword speaks for it, and what is too long
    is read in windows. `strategy` is that of `aggregation_strategy`; ``"simple"`` leaves the text to the pipeline.
    With `transitions`, the words get their best sequence of tags, as `viterbi` says, not each its best tag.
    """
    if strategy != "first":
        return classifier(text, aggregation_strategy=strategy, stride=classifier.tokenizer.model_max_length // 4)
    pieces = WORDS.pre_tokenize_str(text)
    tags, scores = ["O"] * len(pieces), [0.0] * len(pieces)
    for word, tag, score in _tagged(classifier, [piece for piece, _ in pieces], transitions):
        tags[word], scores[word] = tag, score
    entities = []
    for entity_type, first, last in get_entities(tags):
        start, end = pieces[first][1][0], pieces[last][1][1]
        place = {"word": text[start:end], "start": start, "end": end}
        entities.append({"entity_group": entity_type, "score": float(np.mean(scores[first : last + 1]))} | place)
    return entities


def _tagged(
    classifier: TokenClassificationPipeline, words: list[str], transitions: np.ndarray | None
) -> Iterator[tuple[int, str, float]]:
    """Yield each word that has a subword: its index, its tag and the tag's probability."""
    if not words:
        return
    tokenizer = keep_words_apart(classifier.tokenizer)
    overlap = tokenizer.model_max_length // 4
    settings = {"is_split_into_words": True, "truncation": True, "return_overflowing_tokens": True}
    encoded = tokenizer(words, stride=overlap, **settings)
    logits_of = {}
    for row, counted in enumerate(counted_ranges(encoded.encodings, tokenizer, overlap)):
        logits = _logits(classifier, {name: encoded[name][row] for name in tokenizer.model_input_names})
        word_ids = encoded.word_ids(row)
        logits_of |= {word_ids[position]: logits[position] for position in first_subwords(word_ids, counted)}
    seen = sorted(logits_of)
    logits = np.array([logits_of[word] for word in seen]).reshape(len(seen), classifier.model.config.num_labels)
    tags = logits.argmax(axis=-1) if transitions is None else viterbi([logits], transitions)[0]
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=-1, keepdims=True)
    for word, tag, of_word in zip(seen, tags.tolist(), probabilities, strict=True):
        yield word, classifier.model.config.id2label[tag], float(of_word[tag])


def _logits(classifier: TokenClassificationPipeline, inputs: Mapping[str, list[int]]) -> np.ndarray:
    """Compute the logits of one row, of shape (subwords, labels)."""
    if getattr(classifier, "framework", "pt") == "tf":
        return classifier.model({name: np.array([ids]) for name, ids in inputs.items()}).logits.numpy()[0]
    import torch

    tensors = {name: torch.tensor([ids], device=classifier.device) for name, ids in inputs.items()}
    with torch.no_grad():
        return classifier.model(**tensors).logits[0].float().cpu().numpy()
