"""A search for Korean, which Sphinx lacks."""

import re
from itertools import pairwise

from sphinx.search.en import SearchEnglish


class SearchKorean(SearchEnglish):
    """Finds Korean by pairs of syllables, and all else as English.

    A particle is not set off by a space: who looks for "토큰" wants pages that say "토큰을" too. Pairs of syllables
    find them without a dictionary, which the browser would need too.
    """

    lang = "ko"  # the browser's stemmer stays the one that is named after `language_name`, English
    js_splitter_code = """
function splitQuery(query) {
  const words = query.match(/[가-힣]+|(?:(?![가-힣])[\\p{Letter}\\p{Number}_])+/gu) || [];
  return words.flatMap((word) => /^[가-힣]{3,}$/.test(word)
    ? [...word].slice(1).map((syllable, i) => word[i] + syllable)
    : [word]);
}
"""

    def split(self, input: str) -> list[str]:
        """Split a text into Korean syllables, pairs of them, and words of other letters."""
        parts = []
        for word in re.findall(r"[가-힣]+|[^\W가-힣]+", input):
            pairs = map("".join, pairwise(word))
            parts += [*word, *pairs] if "가" <= word[0] <= "힣" else [word]
        return parts
