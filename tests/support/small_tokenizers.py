"""Tokenizers of the kinds that there are, small enough to be trained in a second."""

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import (
    ByteLevelBPETokenizer,
    Regex,
    SentencePieceUnigramTokenizer,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)
from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from helpers.checkpoints.find import resolve_checkpoint

KINDS = ("word pieces", "word pieces, cut on the left", "bytes", "unigrams")


def train_tokenizers(texts: Iterable[str]) -> dict[str, PreTrainedTokenizerFast]:
    """Make one of each kind: pieces of words; bytes, which all characters have; likely pieces, with an unknown one."""
    texts = list(texts)
    bundled = resolve_checkpoint("bundled")
    byte_level = ByteLevelBPETokenizer(add_prefix_space=True)
    byte_level.train_from_iterator(texts, vocab_size=500, show_progress=False)
    unigram = SentencePieceUnigramTokenizer()
    special = {"special_tokens": ["<unk>", "</s>"], "unk_token": "<unk>"}
    unigram.train_from_iterator(texts, vocab_size=300, show_progress=False, **special)
    # As T5 does: nothing in front of a sentence, and one special token behind it
    unigram.post_processor = TemplateProcessing(single="$0 </s>", special_tokens=[("</s>", 1)])
    kinds = (
        AutoTokenizer.from_pretrained(bundled),
        AutoTokenizer.from_pretrained(bundled, truncation_side="left"),
        PreTrainedTokenizerFast(tokenizer_object=byte_level._tokenizer),
        PreTrainedTokenizerFast(tokenizer_object=unigram._tokenizer),
    )
    return dict(zip(KINDS, kinds, strict=True))


# Those of checkpoints, each with its own way to know where a word begins

WORDS = "They met in Oslo , Rome and ( Lima ) , she said . a b".split()
SPECIAL = ["<pad>", "<s>", "</s>", "<unk>", "<mask>"]
NAMES = {"bos": "<s>", "eos": "</s>", "pad": "<pad>", "unk": "<unk>", "cls": "<s>", "sep": "</s>", "mask": "<mask>"}
LLAMA_3 = Regex(r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+")
SPLITS = {  # by kind: what splits a text into words before the training
    "word pieces": [pre_tokenizers.BertPreTokenizer()],
    "bytes": [pre_tokenizers.ByteLevel(add_prefix_space=False)],  # a space belongs to the word behind it
    # Likewise, but after a split by which ``add_prefix_space`` does nothing
    "split bytes": [pre_tokenizers.Split(LLAMA_3, "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)],
    "stripped bytes": [pre_tokenizers.ByteLevel(add_prefix_space=False)],
    "metaspace": [pre_tokenizers.Metaspace()],  # each word begins with ▁, in a list too
    "replaced spaces": [pre_tokenizers.Metaspace()],
    "unigrams": [pre_tokenizers.Metaspace()],
}
NORMALIZERS = {  # what changes a text, for tokenizers that were trained without
    "stripped bytes": normalizers.Strip(left=True),  # the space in front of a word, whoever put it there
    "replaced spaces": normalizers.Replace(" ", "▁"),
}
CHECKPOINTS = {  # the kind, and the class that a checkpoint asks for
    "BERT": ("word pieces", "BertTokenizerFast"),
    "RoBERTa": ("bytes", "RobertaTokenizerFast"),
    "DeBERTa": ("bytes", "DebertaTokenizerFast"),
    "ModernBERT": ("bytes", "PreTrainedTokenizerFast"),
    "Llama 3": ("split bytes", "PreTrainedTokenizerFast"),
    "Gemma": ("replaced spaces", "GemmaTokenizerFast"),
    "Gemma, as a plain one": ("replaced spaces", "PreTrainedTokenizerFast"),
    "T5": ("unigrams", "T5TokenizerFast"),
    "Llama": ("metaspace", "LlamaTokenizerFast"),
    "XLM-R": ("unigrams", "XLMRobertaTokenizerFast"),
    "one that strips": ("stripped bytes", "PreTrainedTokenizerFast"),
}


def save_tokenizer(name: str, folder: Path, **settings: object) -> Path:
    """Write what a checkpoint has for its tokenizer: tokenizer.json, and tokenizer_config.json with its class."""
    kind, class_name = CHECKPOINTS[name]
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _trained(kind)
    tokenizer.save(str(folder / "tokenizer.json"))
    named = {f"{name}_token": token for name, token in NAMES.items()}
    config = {"tokenizer_class": class_name, **named, **settings}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    model = json.loads(tokenizer.to_str())["model"]
    if merges := model.get("merges"):  # some classes are built from these
        (folder / "vocab.json").write_text(json.dumps(model["vocab"]), encoding="utf-8")
        lines = ["#version: 0.2", *(" ".join(merge) for merge in merges)]
        (folder / "merges.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder


def _trained(kind: str) -> Tokenizer:
    settings = {"vocab_size": 600, "special_tokens": SPECIAL, "show_progress": False}
    if kind == "word pieces":
        model, trainer = models.WordPiece(unk_token="<unk>"), trainers.WordPieceTrainer(**settings)
    elif kind == "unigrams":
        model, trainer = models.Unigram(), trainers.UnigramTrainer(unk_token="<unk>", **settings)
    else:
        model = models.BPE() if "bytes" in kind else models.BPE(unk_token="<unk>")
        trainer = trainers.BpeTrainer(initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **settings)
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(SPLITS[kind]) if len(SPLITS[kind]) > 1 else SPLITS[kind][0]
    if kind == "word pieces":
        tokenizer.normalizer = normalizers.BertNormalizer()
    # Words in all orders, so that each of them becomes one subword, with a space before it or without
    texts = [" ".join(WORDS[first:] + WORDS[:first]) for first in range(len(WORDS))] * 5 + WORDS * 20
    tokenizer.train_from_iterator(texts, trainer)
    if kind in NORMALIZERS:
        tokenizer.normalizer = NORMALIZERS[kind]
    if kind == "replaced spaces":  # and that is all
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    return tokenizer
