r"""Items of one form: a pattern proves them, and what it captures is their canonical JSON.

Nearly every item of a feed is written like its neighbours: the same members in the same order, the same blanks
between them. `form_of` reads that form off one item that the parser has read; for an item of the form the pattern
holds from its first brace to its last. An item that does not match may still be sound JSON: the parser decides. So
the pattern is narrow wherever it would be hard to be right:

- names and texts hold printable ASCII alone, and neither `"` nor `\`: they are their own canonical JSON;
- a value is such a text, a number of JSON's grammar, `true`, `false` or `null`, never a list or an object;
- between the tokens stands what stands there in the item that the form was read off.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from company_activity.records.item import Item

MAX_MEMBERS = (
    64  # a pattern takes time to build, and memory for each character that is always the same
)
MAX_CHARACTERS = 4096
MAX_FORMS = 32
BLANKS = r"[ \t\n\r]*+"
TEXT = r"[ !#-\[\]-~]*+"
NUMBER = r"-?(?:[1-9][0-9]*+|0)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+"
VALUE = rf'"{TEXT}"|{NUMBER}|true|false|null'
MEMBER = re.compile(rf'({BLANKS}"({TEXT})"{BLANKS}:{BLANKS})({VALUE})({BLANKS}[,}}])')


class Member(NamedTuple):
    """A member without its value: what stands before it, the name in that, what stands behind it."""

    before: str
    name: str
    behind: str


class Form(NamedTuple):
    """How an item is written.

    `pattern` matches one and the comma that follows it: group 1 is the item, and `values` are those that go into
    `canonical`, in this order.
    """

    pattern: re.Pattern[str]
    canonical: str
    values: tuple[int, ...]

    def items_at(self, text: str, at: int) -> tuple[list[Item], int]:
        """The items of this form from `at` on, each before a comma, and where the next element begins.

        >>> form_of('{"b": 1, "a": 2}').items_at('[{"b": 3, "a": null}, {"b": "x", "a": -0}, {}]', 1)[0][1]
        Item(text='{"b": "x", "a": -0}', canonical='{"a":-0,"b":"x"}')
        """
        found: list[Item] = []
        while match := self.pattern.match(text, at):
            found.append(Item(match[1], self.canonical % match.group(*self.values)))
            at = match.end()
        return found, at


def form_of(text: str) -> Form | None:
    """The form of an item that is sound JSON; None if it is not of the kind that a pattern can prove.

    >>> form_of('{"a": [1]}'), form_of("{}"), form_of('{"a": "\\u00e9"}')
    (None, None, None)
    """
    members: list[Member] = []
    at = 1
    while len(members) < MAX_MEMBERS and (found := MEMBER.match(text, at)):
        members.append(Member(found[1], found[2], found[4]))
        at = found.end()
    constant = sum(len(one.before) + len(one.behind) for one in members)
    is_whole = text.startswith("{") and at == len(text)
    return _form(tuple(members)) if is_whole and members and constant <= MAX_CHARACTERS else None


@lru_cache(MAX_FORMS)
def _form(members: tuple[Member, ...]) -> Form:
    listed = "".join(f"{re.escape(one.before)}({VALUE}){re.escape(one.behind)}" for one in members)
    pattern = re.compile(rf"(\{{{listed}){BLANKS},{BLANKS}")
    order = sorted(range(len(members)), key=lambda number: members[number].name)
    names = (members[number].name.replace("%", "%%") for number in order)
    canonical = "{" + ",".join(f'"{name}":%s' for name in names) + "}"
    return Form(pattern, canonical, tuple(number + 2 for number in order))
