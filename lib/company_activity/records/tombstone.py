r"""Tombstones: which companies were erased, told without naming one of them.

A tombstone is a keyed hash of a company's id. Whoever has the key can ask of an id whether it was erased; from a
tombstone alone nobody gets an id, nor can check a guessed one. The same key must be kept as long as a tombstone counts,
so each names, by 8 hexadecimal digits, the key that it was laid with.
"""

from __future__ import annotations

import hmac
import json
import re
from functools import lru_cache

from company_activity.records.fields import trim

MOST_IDS = 65_536  # answers that are kept: a feed repeats its companies, date by date
SHAPE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{64}")
# In canonical JSON, at any depth and as the end of a longer name: where to look more closely.
IDS = re.compile(r'"company_id":"([^"\\]*+(?:\\.[^"\\]*+)*+)"')
# No id begins with NUL, so nothing else that the key signs is an id's tombstone.
KEY_MARK = "\0erase.key"
DIGEST = "\0digest "


def tombstone_of(key: str, company_id: str) -> str:
    r"""The tombstone of a company: the mark of the key, `-`, and HMAC-SHA256 of its id as `fields.trim` leaves it.

    >>> tombstone_of("k", "c_001")[:20], tombstone_of("k", "c_001") == tombstone_of("k", "\u00a0c_001 ")
    ('98b81e92-549ca38e78b', True)
    """
    return f"{key_mark(key)}-{_signed(key, trim(company_id))}"


def key_mark(key: str) -> str:
    """By what a tombstone names its key: 8 hexadecimal digits."""
    return _signed(key, KEY_MARK)[:8]


def mark_in(tombstone: str) -> str:
    """The mark of the key that a tombstone was laid with."""
    return tombstone.partition("-")[0]


class Tombstones:
    r"""The companies that were erased, and must not come back.

    >>> erased = Tombstones("k", frozenset({tombstone_of("k", "c_001")}))
    >>> erased.covers("c_001"), erased.covers(" c_001\u200b"), erased.covers("c_002"), erased.covers(7)
    (True, True, False, False)
    """

    def __init__(self, key: str, laid: frozenset[str]) -> None:
        self.laid = laid
        self._key = key
        self._mark = key_mark(key)
        self._is_laid = lru_cache(MOST_IDS)(self._look)

    @property
    def are_none(self) -> bool:
        """Whether no company was erased."""
        return not self.laid

    def covers(self, company_id: object) -> bool:
        """Whether this is the id of an erased company; what is no text is no id."""
        return bool(self.laid) and isinstance(company_id, str) and self._is_laid(company_id)

    def covers_item(self, canonical: str) -> bool:
        r"""Whether an item of the API, in canonical JSON, names an erased company in a `company_id` of its own.

        If it names several, one is enough. What is nested in it is not its own, and only an object has members.

        >>> erased = Tombstones("k", frozenset({tombstone_of("k", "\u00e9")}))
        >>> erased.covers_item('{"company_id":"\\u00e9 "}'), erased.covers_item('{"in":{"company_id":"\\u00e9"}}')
        (True, False)
        """
        if not self.laid or not any(map(self._is_laid, map(_read, IDS.findall(canonical)))):
            return False
        return any(
            name == "company_id" and self.covers(value) for name, value in _members(canonical)
        )

    def sealed(self, digest: str) -> str:
        """A digest over what an erased company had sent, such that only the key's owner can compare it."""
        return _signed(self._key, DIGEST + digest)

    def _look(self, company_id: str) -> bool:
        # A control character at an end breaks an id, and is kept as it was sent: it names the company all the same.
        spellings = {trim(company_id), trim(company_id.strip())}
        return any(f"{self._mark}-{_signed(self._key, spelt)}" in self.laid for spelt in spellings)


def _read(text: str) -> str:
    """What a text of canonical JSON, without its quotes, says."""
    return str(json.loads(f'"{text}"')) if "\\" in text else text


def _members(canonical: str) -> list[tuple[str, object]]:
    """The members of an object, each time they stand there; none of what is no object."""
    if not canonical.startswith("{"):
        return []
    found: list[tuple[str, object]] = json.loads(
        canonical, object_pairs_hook=list, parse_int=str, parse_float=str
    )
    return found


def _signed(key: str, text: str) -> str:
    """HMAC-SHA256 in hexadecimal digits; half a surrogate pair is signed as it is."""
    secret, signed = (one.encode("utf-8", "surrogatepass") for one in (key, text))
    return hmac.digest(secret, signed, "sha256").hex()


NO_TOMBSTONES = Tombstones("", frozenset())
