"""Tokenizers of the kinds that checkpoints bring, each with its own way to know where a word begins."""

import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

WORDS = "They met in Oslo , Rome and ( Lima ) , she said . a b".split()
SPECIAL = ["<pad>", "<s>", "</s>", "<unk>", "<mask>"]
NAMES = {"bos": "<s>", "eos": "</s>", "pad": "<pad>", "unk": "<unk>", "cls": "<s>", "sep": "</s>", "mask": "<mask>"}
LLAMA_3 = Regex(r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+")


def word_pieces() -> Tokenizer:
    """BERT's: subwords that continue a word begin with ##."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return _trained(tokenizer, trainers.WordPieceTrainer)


def byte_level() -> Tokenizer:
    """RoBERTa's and GPT-2's: a space belongs to the word behind it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return _trained(tokenizer, trainers.BpeTrainer)


def split_bytes() -> Tokenizer:
    """Llama 3's: the same, after a split by which ``add_prefix_space`` does nothing."""
    tokenizer = Tokenizer(models.BPE())
    steps = [pre_tokenizers.Split(LLAMA_3, "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    return _trained(tokenizer, trainers.BpeTrainer)


def replaced_spaces() -> Tokenizer:
    """Gemma's: spaces become ▁, and that is all."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    _trained(tokenizer, trainers.BpeTrainer)
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    return tokenizer


def metaspace() -> Tokenizer:
    """Llama's: each word begins with ▁, in a list too."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return _trained(tokenizer, trainers.BpeTrainer)


def unigrams() -> Tokenizer:
    """T5's and XLM-R's: likely pieces, likewise."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return _trained(tokenizer, trainers.UnigramTrainer, unk_token="<unk>")


def stripped() -> Tokenizer:
    """One that takes away the space in front of a word, whoever put it there."""
    tokenizer = byte_level()
    tokenizer.normalizer = normalizers.Strip(left=True)
    return tokenizer


# By kind: the tokenizer and the class that a checkpoint asks for.
KINDS = {
    "BERT": (word_pieces, "BertTokenizerFast"),
    "RoBERTa": (byte_level, "RobertaTokenizerFast"),
    "DeBERTa": (byte_level, "DebertaTokenizerFast"),
    "ModernBERT": (byte_level, "PreTrainedTokenizerFast"),
    "Llama 3": (split_bytes, "PreTrainedTokenizerFast"),
    "Gemma": (replaced_spaces, "GemmaTokenizerFast"),
    "Gemma, as a plain one": (replaced_spaces, "PreTrainedTokenizerFast"),
    "T5": (unigrams, "T5TokenizerFast"),
    "Llama": (metaspace, "LlamaTokenizerFast"),
    "XLM-R": (unigrams, "XLMRobertaTokenizerFast"),
    "one that strips": (stripped, "PreTrainedTokenizerFast"),
}


def save_tokenizer(kind: str, folder: Path, **settings: object) -> Path:
    """Write what a checkpoint has for its tokenizer: tokenizer.json, and tokenizer_config.json with its class."""
    make, class_name = KINDS[kind]
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = make()
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


def _trained(tokenizer: Tokenizer, trainer: type, **settings: object) -> Tokenizer:
    # Words in all orders, so that each of them becomes one subword, with a space before it or without
    texts = [" ".join(WORDS[first:] + WORDS[:first]) for first in range(len(WORDS))] * 5 + WORDS * 20
    alphabet = {"initial_alphabet": pre_tokenizers.ByteLevel.alphabet()} if trainer is trainers.BpeTrainer else {}
    settings |= {"vocab_size": 600, "special_tokens": SPECIAL, "show_progress": False}
    tokenizer.train_from_iterator(texts, trainer(**settings, **alphabet))
    return tokenizer
