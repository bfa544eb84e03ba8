"""Tokenizers of the kinds that there are, small enough to be trained in a second."""

from collections.abc import Iterable

from tokenizers import ByteLevelBPETokenizer, SentencePieceUnigramTokenizer
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
    unigram.train_from_iterator(
        texts, vocab_size=300, special_tokens=["<unk>", "</s>"], unk_token="<unk>", show_progress=False
    )
    # As T5 does: nothing in front of a sentence, and one special token behind it
    unigram.post_processor = TemplateProcessing(single="$0 </s>", special_tokens=[("</s>", 1)])
    kinds = (
        AutoTokenizer.from_pretrained(bundled),
        AutoTokenizer.from_pretrained(bundled, truncation_side="left"),
        PreTrainedTokenizerFast(tokenizer_object=byte_level._tokenizer),
        PreTrainedTokenizerFast(tokenizer_object=unigram._tokenizer),
    )
    return dict(zip(KINDS, kinds, strict=True))
