"""Entities of raw texts, found by models that know all answers, with each kind of tokenizer."""

import json
import os
import subprocess
from itertools import pairwise

import numpy as np
import pytest
import torch
from support.editions import python_of
from support.small_tokenizers import CHECKPOINTS, save_tokenizer
from support.trained_models import LABELS as LABELS_OF_ALL
from support.trained_models import save_model
from transformers import AutoConfig, AutoTokenizer, BertForTokenClassification, pipeline

from helpers.checkpoints.word_tokenizer import prepare_tokenizer
from helpers.decoding import valid_transitions
from helpers.going_further.inference import WORDS, _tagged, find_entities

LABELS = {0: "O", 1: "B-location"}
TEXT = "They met in Oslo. Rome, (Lima) and Oslo, she said."
TOKENIZERS = [kind for kind in CHECKPOINTS if kind not in ("one that strips", "T5", "XLM-R")]  # these split the names


def knows(cities, kind, folder):
    """Save a model that labels the first subword of some cities, as words of a list, and nothing else."""
    sizes = {"vocab_size": 600, "hidden_size": 2, "num_hidden_layers": 0, "num_attention_heads": 1}
    config = AutoConfig.for_model("bert", max_position_embeddings=16, id2label=LABELS, **sizes)
    tokenizer = prepare_tokenizer(AutoTokenizer.from_pretrained(save_tokenizer(kind, folder)), config)
    model = BertForTokenClassification(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.zero_()
            if name.endswith("LayerNorm.weight"):
                parameter.fill_(1)
        words = model.bert.embeddings.word_embeddings.weight
        words[:, 0] = 1
        for city in cities:
            (first, *_) = tokenizer([city], is_split_into_words=True, add_special_tokens=False)["input_ids"]
            words[first] = torch.tensor([0.0, 1.0])
        model.classifier.weight[:] = torch.eye(2) * 5
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return pipeline("ner", model=str(folder), device="cpu")


@pytest.mark.slow
@pytest.mark.parametrize("kind", TOKENIZERS)
def test_a_perfect_model_finds_all_names_whatever_the_tokenizer(tmp_path, kind):
    classifier = knows(["Oslo", "Rome", "Lima"], kind, tmp_path)
    found = find_entities(classifier, TEXT)
    assert [entity["word"] for entity in found] == ["Oslo", "Rome", "Lima", "Oslo"]
    assert all(TEXT[entity["start"] : entity["end"]] == entity["word"] for entity in found)
    assert {entity["entity_group"] for entity in found} == {"location"}
    assert all(0.99 < entity["score"] <= 1 for entity in found)
    by_pipeline = [TEXT[e["start"] : e["end"]].strip() for e in classifier(TEXT, aggregation_strategy="first")]
    assert (by_pipeline == ["Oslo", "Rome", "Lima", "Oslo"]) == (kind == "BERT")


def test_texts_that_are_too_long_are_read_to_their_end(tmp_path):
    classifier = knows(["Oslo"], "RoBERTa", tmp_path)
    text = "they met in Rome, she said. " * 20 + "Oslo. " + "they met. " * 20 + "(Oslo)"
    found = find_entities(classifier, text)
    assert [(entity["word"], entity["start"]) for entity in found] == [("Oslo", 560), ("Oslo", len(text) - 5)]
    classifier.tokenizer.truncation_side = "left"
    assert find_entities(classifier, text) == found


def test_there_are_no_entities_in_nothing_and_marked_characters_are_left_to_the_pipeline(tmp_path):
    classifier = knows(["Oslo"], "BERT", tmp_path)
    assert find_entities(classifier, "") == find_entities(classifier, "  \n") == []
    assert find_entities(classifier, TEXT, "simple") == classifier(TEXT, aggregation_strategy="simple") != []


@pytest.mark.parametrize("side", ["right", "left"])
def test_with_transitions_the_words_get_their_best_sequence_across_windows(tmp_path, side):
    classifier = pipeline("ner", model=str(save_model("distilbert", tmp_path)), device="cpu")
    classifier.tokenizer.truncation_side = side
    text = "Bo Li moved to (Oslo), she said. " * 12
    free, allowed = np.zeros((6, 5)), valid_transitions(LABELS_OF_ALL)
    by_word = find_entities(classifier, text)
    assert find_entities(classifier, text, "first", free) == by_word
    only_outside = np.where(np.arange(5) == 0, 0, -np.inf) + free
    assert find_entities(classifier, text, "first", only_outside) == find_entities(classifier, "", "first", free) == []
    words = [piece for piece, _ in WORDS.pre_tokenize_str(text)]
    tags = [tag for _, tag, _ in _tagged(classifier, words, allowed)]
    assert len(tags) == len(words)
    assert [tag for before, tag in pairwise(["O", *tags]) if tag[0] == "I" and before[2:] != tag[2:]] == []
    assert tags != [tag for _, tag, _ in _tagged(classifier, words, None)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('Oslo. (Lima), "Rome"; wait...', 'Oslo . ( Lima ) , " Rome " ; wait ...'),
        ("Hanna's, I'm, don't, we\u2019ll", "Hanna 's , I 'm , do n't , we \u2019ll"),
        ("O'Brien, @a_b's #tag: pull-ups at 9.58", "O'Brien , @a_b 's #tag : pull-ups at 9.58"),
        ("see https://a.example/b?c=(d) or me@b.example!", "see https://a.example/b?c=(d) or me@b.example !"),
        ("Bo \N{WOMAN}\u200d\N{PERSONAL COMPUTER}\ufe0f!", "Bo \N{WOMAN}\u200d\N{PERSONAL COMPUTER}\ufe0f !"),
        ("서울에서, 東京で", "서울에서 , 東 京 で"),
    ],
)
def test_words_are_those_of_annotated_text(text, words):
    assert [word for word, _ in WORDS.pre_tokenize_str(text)] == words.split()


@pytest.mark.parametrize(("split", "share"), [("train", 0.95), ("test", 0.99)])
def test_most_words_of_real_data_stay_whole(wnut17, split, share):
    words = [word for words in wnut17[split]["tokens"] for word in words]
    assert sum([piece for piece, _ in WORDS.pre_tokenize_str(word)] == [word] for word in words) / len(words) > share


IN_TENSORFLOW = """
import json, sys
from transformers import pipeline
from helpers.going_further.inference import find_entities
classifier = pipeline("ner", model=sys.argv[1], framework="tf")
print("found", json.dumps(find_entities(classifier, sys.argv[2])))
"""


@pytest.mark.weekly
def test_tensorflow_finds_the_same(tmp_path):
    folder = save_model("distilbert", tmp_path)
    text = "Bo Li moved to (Oslo), she said. " * 12  # in windows
    expected = find_entities(pipeline("ner", model=str(folder), device="cpu"), text)
    quiet = {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [python_of("tensorflow"), "-c", IN_TENSORFLOW, str(folder), text]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | quiet, check=True)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("found ")]
    found = json.loads(line.removeprefix("found "))
    places = ("entity_group", "word", "start", "end")
    assert [[e[key] for key in places] for e in found] == [[e[key] for key in places] for e in expected] != []
    assert [e["score"] for e in found] == pytest.approx([e["score"] for e in expected], abs=1e-4)
