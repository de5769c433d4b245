"""The bytes of a CSV file as lines of text, whatever they are, and back into a text that can be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

BOM = b"\xef\xbb\xbf"
BLOCK_BYTES = 1 << 20
UNREADABLE = re.compile("[\0\udc80-\udcff]")  # NUL is UTF-8, but PostgreSQL stores none
LATIN_LETTER = re.compile("[A-Za-z]")
LAST_LATIN = 0x24F


class Lines(Iterator[str]):
    """Lines to read, and to put back when they turn out to belong to another record."""

    def __init__(self, data: bytes) -> None:
        self._rest = physical_lines(data)
        self._ahead: list[str] = []

    def __next__(self) -> str:
        return self._ahead.pop() if self._ahead else next(self._rest)

    def put_back(self, lines: list[str]) -> None:
        self._ahead.extend(reversed(lines))


def physical_lines(data: bytes) -> Iterator[str]:
    r"""The texts between LFs, without a byte order mark; what is no UTF-8 comes as lone surrogates (`surrogateescape`).

    A last line that ends in CR without LF gets a second one: the CR before an LF is no text, this one is.

    >>> list(physical_lines(b"a\r\nb\n\nc\r"))
    ['a\r', 'b', '', 'c\r\r']
    """
    start = len(BOM) if data.startswith(BOM) else 0
    while start < len(data):
        end = (
            data.rfind(b"\n", start, start + BLOCK_BYTES) + 1
            or data.find(b"\n", start) + 1
            or len(data)
        )
        lines = data[start:end].decode("utf-8", "surrogateescape").split("\n")
        last = lines.pop()
        yield from lines
        if last:
            yield f"{last}\r" if last.endswith("\r") else last
        start = end


def is_readable(text: str) -> bool:
    """Whether all of its bytes were UTF-8 and none of them NUL."""
    return (text.isascii() and "\0" not in text) or UNREADABLE.search(text) is None


def as_shown(text: str) -> str:
    r"""The text with each byte that no text holds written out.

    >>> print(as_shown(next(physical_lines(b"M\xfcller\0"))))
    M\xfcller\x00
    """
    return (
        text.encode("utf-8", "surrogateescape")
        .decode("utf-8", "backslashreplace")
        .replace("\0", r"\x00")
    )


def excerpt(text: str, limit: int = 160) -> str:
    r"""The text in quotes, in one line, for a message: odd characters escaped, the rest of a long one counted.

    Odd is what nobody sees, a byte that no text holds, and among Latin letters one that only looks like them.

    >>> print(excerpt("\ufeffname\t\udce4 größe"), excerpt("n\u0430me"), excerpt("a" * 9, limit=4))
    '\ufeffname\t\xe4 größe' 'n\u0430me' 'aaaa' (and 5 more characters)
    """
    has_latin = LATIN_LETTER.search(text) is not None
    told = "".join(escaped(character, has_latin) for character in text[:limit])
    more = f" (and {len(text) - limit:,} more characters)" if len(text) > limit else ""
    return f"'{told}'{more}"


def escaped(character: str, has_latin: bool) -> str:
    """The character as it is, or as Python would write it where it is odd."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    is_look_alike = has_latin and code > LAST_LATIN and character.isalpha()
    if character.isprintable() and not is_look_alike:
        return character
    return character.encode("unicode_escape").decode("ascii")
