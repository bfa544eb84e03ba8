"""Subwords labelled by spans of characters, and spans from the tags of subwords."""

from itertools import accumulate

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score
from seqeval.metrics.sequence_labeling import get_entities
from support.marked_corpora import as_doccano, coin_flips, doses
from support.small_tokenizers import KINDS
from transformers import AutoModelForTokenClassification, AutoTokenizer, DistilBertConfig, pipeline

from helpers.alignment import spans_of, tag_words, tokenize_and_label
from helpers.checkpoints.find import resolve_checkpoint
from helpers.data.load import label_names, load_ner_dataset
from helpers.data.span_tags import trimmed
from helpers.data.splits import common_form
from helpers.data.tagging import Span
from helpers.metrics import valid_tags_from_logits
from helpers.training.fine_tune import fine_tune

NAMES = ["O", "B-x", "I-x", "B-y", "I-y"]
TEXTS = st.text(st.sampled_from("ab 1.-\n\t서울에é東😀\u0301\u200b"), min_size=1, max_size=30)
TEXTS = TEXTS.map(str.strip).filter(bool)  # as sentences come


@st.composite
def marked_texts(draw):
    """A text and disjoint spans that begin and end with what is no white space."""
    text = draw(TEXTS)
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    spans = [Span(start, end, draw(st.sampled_from("xy"))) for start, end in zip(edges[::2], edges[1::2], strict=False)]
    return text, [span for span in spans if text[span.start : span.end].strip() == text[span.start : span.end]]


ASPIRIN = "took/O 20/B-x ##mg/O of/O as/B-y ##pi/I-y ##rin/I-y ./O"


@pytest.mark.parametrize(
    ("text", "spans", "room", "subwords"),
    [
        ("took 20mg of aspirin.", [Span(5, 7, "x"), Span(13, 20, "y")], 512, ASPIRIN),
        ("took the train", [Span(0, 2, "x"), Span(2, 4, "y")], 4, "took/B-x the/O"),  # two in one subword, and cut off
    ],
)
def test_a_subword_is_labelled_by_where_its_characters_lie(tokenizers, text, spans, room, subwords):
    tokenizer = tokenizers["word pieces"]
    tokenizer.model_max_length = room
    encoded = tokenize_and_label({"text": [text], "spans": [[span._asdict() for span in spans]]}, tokenizer, NAMES)
    tokenizer.model_max_length = 512
    first, *labels, last = encoded["labels"][0]
    assert first == last == -100
    pairs = zip(encoded.tokens()[1:-1], labels, strict=True)
    assert " ".join(f"{token}/{NAMES[label]}" for token, label in pairs) == subwords


def test_tags_become_spans_without_white_space_at_their_edges():
    text, offsets = "in  New York now", [(0, 2), (2, 7), (7, 12), (12, 16)]  # as SentencePiece counts
    assert spans_of(["O", "B-x", "I-x", "O"], offsets, text) == [Span(4, 12, "x")]
    assert spans_of(["I-x", "I-y", "B-y", "O"], offsets, text) == [Span(0, 2, "x"), Span(4, 7, "y"), Span(8, 12, "y")]
    assert spans_of(["B-x", "B-y"], [(0, 1), (0, 2)], "일이") == [Span(0, 1, "x"), Span(1, 2, "y")]  # parts of letters


@given(marked_texts(), st.data())
def test_true_and_predicted_tags_agree_exactly_where_spans_do(tokenizers, marked, data):
    text, true = marked
    tokenizer = tokenizers[data.draw(st.sampled_from(KINDS))]
    encoding = tokenizer([text]).encodings[0]
    offsets = [o for o, special in zip(encoding.offsets, encoding.special_tokens_mask, strict=True) if not special]
    tags = data.draw(st.lists(st.sampled_from(NAMES), min_size=len(offsets), max_size=len(offsets)))
    columns = {"id": ["0"], "tokens": [[]], "ner_tags": [[]], "text": [text]}
    columns["spans"] = [[span._asdict() for span in true]]
    rows = Dataset.from_dict(columns, common_form(ClassLabel(names=NAMES), marks_characters=True))
    found = tag_words(rows, [tags], tokenizer)

    ((words, gaps),) = zip(found.words, found.gaps, strict=True)
    pieces = [word + gap for word, gap in zip(words, gaps, strict=True)]
    starts = [0, *accumulate(map(len, pieces))]
    assert "".join(pieces) == text
    for (tags_of_words,), spans in ((found.true, true), (found.predicted, spans_of(tags, offsets, text))):
        entities = get_entities(tags_of_words)
        assert [Span(starts[a], starts[b] + len(words[b]), label) for label, a, b in entities] == spans


@given(marked_texts(), st.data())
def test_true_tags_of_subwords_are_valid_so_that_decoding_can_find_all_of_them(tokenizers, marked, data):
    text, spans = marked
    tokenizer = tokenizers[data.draw(st.sampled_from(KINDS))]
    examples = {"text": [text], "spans": [[span._asdict() for span in spans]]}
    labels = np.array(tokenize_and_label(examples, tokenizer, NAMES)["labels"])
    sure = 9.0 * np.eye(len(NAMES))[labels.clip(0)]  # whatever is said of special tokens
    assert valid_tags_from_logits(sure, labels, NAMES) == [[NAMES[label] for label in labels[0] if label != -100]]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_scored_is_what_a_pipeline_finds_in_the_text(tokenizers, kind):
    tokenizer = tokenizers[kind]
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.convert_ids_to_tokens(0)
    torch.manual_seed(1)
    config = DistilBertConfig(vocab_size=len(tokenizer), dim=32, n_layers=1, n_heads=2, hidden_dim=32, num_labels=5)
    config.id2label = dict(enumerate(NAMES))
    model = AutoModelForTokenClassification.from_config(config).eval()
    model.classifier.weight.data *= 50  # so that all labels occur
    classify = pipeline("ner", model=model, tokenizer=tokenizer, aggregation_strategy="simple")
    found = 0
    texts = ["Took 20mg, then ran to New York (twice).", "서울에서 김민수가 살았다.", "e\u0301te\u0301  naïve😀", "a"]
    for text in texts:
        encoded = tokenizer([text], return_tensors="pt")
        encoding, best = encoded.encodings[0], model(encoded["input_ids"]).logits[0].argmax(-1).tolist()
        inner = [place for place, special in enumerate(encoding.special_tokens_mask) if not special]
        spans = spans_of([NAMES[best[place]] for place in inner], [encoding.offsets[place] for place in inner], text)
        expected, reached = [], 0  # a letter that two of its entities share belongs to the first
        for entity in classify(text):
            span = trimmed(Span(max(entity["start"], reached), entity["end"], entity["entity_group"]), text)
            if span.start < span.end:
                expected.append(span)
                reached = span.end
        assert spans == expected
        found += len(spans)
    assert found > 8


def scores_after_training(tmp_path, texts):
    """F1 as the lesson takes it, and over what a pipeline finds in the raw texts."""
    path = tmp_path / "export.jsonl"
    path.write_text(as_doccano(texts), encoding="utf-8")
    dataset = load_ner_dataset(str(path))
    folder = fine_tune(dataset, resolve_checkpoint("bundled"), tmp_path / "model", epochs=3)
    tokenizer, names = AutoTokenizer.from_pretrained(folder), label_names(dataset)
    model = AutoModelForTokenClassification.from_pretrained(folder).eval()
    row_tags, found, true = [], set(), set()
    classify = pipeline("ner", model=model, tokenizer=tokenizer, aggregation_strategy="simple")
    for number, row in enumerate(dataset["test"]):
        best = model(**tokenizer(row["text"], truncation=True, return_tensors="pt")).logits[0].argmax(-1).tolist()
        row_tags.append([names[label] for label in best[1:-1]])
        found |= {(number, span["start"], span["end"], span["entity_group"]) for span in classify(row["text"])}
        true |= {(number, span["start"], span["end"], span["label"]) for span in row["spans"]}
    test = tag_words(dataset["test"], row_tags, tokenizer)
    return f1_score(test.true, test.predicted), 2 * len(found & true) / (len(found) + len(true))


@pytest.mark.weekly
def test_labels_that_chance_has_chosen_cannot_be_found(tmp_path):
    assert max(scores_after_training(tmp_path, coin_flips(400))) < 0.1


@pytest.mark.slow
def test_entities_that_all_end_inside_words_are_found(tmp_path):
    by_lesson, by_pipeline = scores_after_training(tmp_path, doses(200))
    assert by_lesson == pytest.approx(by_pipeline)
    assert by_lesson > 0.9
