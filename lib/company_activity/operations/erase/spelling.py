"""How a company may be written in a file: as it is, or escaped as JSON, HTML and URLs do it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from urllib.parse import quote, quote_plus

# No word goes on here; an escape of JSON or of a URL may end before it.
BEFORE = r"(?:(?<!\w)|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrtbf]))"


@dataclass(frozen=True)
class Spelling:
    """A pattern of all spellings of a company's id and names."""

    pattern: re.Pattern[str]

    @classmethod
    def of(cls, company_id: str, names: Iterable[str]) -> Spelling:
        r"""An id is found as a whole word, so that `c_1` is not found in `c_10`.

        >>> spelling = Spelling.of("c_1", ["Müller & Co"])
        >>> texts = ('"c_1"', "c_10", "M\\u00fcller & Co", "Müller &amp; Co", "M%C3%BCller%20%26%20Co")
        >>> [spelling.is_in(text) for text in (*texts, "\\nc_1-2", "%20c_1")]
        [True, False, True, True, True, True, True]
        """
        found = {
            spelt for text in (company_id, *names) if text.strip() for spelt in _spellings(text)
        }
        longest_first = sorted(found, key=lambda text: (-len(text), text))
        either = "|".join(map(re.escape, longest_first))
        return cls(re.compile(rf"{BEFORE}(?:{either})(?!\w)"))

    def is_in(self, text: str) -> bool:
        """Whether the company is written there."""
        return self.pattern.search(text) is not None

    def replaced(self, text: str, by: str) -> str:
        """The text with `by` in place of the company."""
        return self.pattern.sub(by, text)


def _spellings(text: str) -> set[str]:
    escaped = json.dumps(text)[1:-1]
    plain = json.dumps(text, ensure_ascii=False)[1:-1]
    html = {
        escape(text),
        escape(text, quote=False),
        escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    }
    return {text, escaped, plain, *html, quote(text), quote(text, safe=""), quote_plus(text)}
