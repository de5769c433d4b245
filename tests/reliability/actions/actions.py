"""What can happen to a lake and its database: an action is a word and its numbers, and a seed gives a sequence of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

FIRST = date(2025, 8, 26)
DATES = 8
TAKES = 3  # how many answers the API may give for a date
FILES = 3  # snapshot dates of the CRM
COMPANIES = ("c_101", "c_102", "c_103", "c_104", "c_105")
TABLES = 6  # that somebody else may commit to


@dataclass(frozen=True)
class Action:
    """One action. Any numbers mean something whatever happened before, so that a sequence may lose any of its actions."""

    word: str
    numbers: tuple[int, ...] = ()

    def __str__(self) -> str:
        return " ".join([self.word, *map(str, self.numbers)])

    @property
    def day(self) -> date:
        """The date that its first number means."""
        return FIRST + timedelta(days=self.numbers[0])


# Each word: how often it comes, and below what each of its numbers is.
WORDS: dict[str, tuple[int, tuple[int, ...]]] = {
    "land": (16, (DATES, TAKES)),  # the API gives this take of a date, and it is ingested: new, late or a correction
    "malformed": (6, (DATES, TAKES)),  # the same with records that are refused, and a conflicting copy
    "answer": (4, (DATES, TAKES)),  # the API gives it; the next run of the date fetches it
    "crm": (8, (FILES, TAKES, 3)),  # a file of a snapshot date: another take replaces its bytes; the last: its columns
    "run": (5, (DATES,)),
    "range": (4, (DATES, 3)),
    "kill": (9, (DATES, 100)),  # a run of the date, killed after so many per cent of a long one
    "restart": (6, ()),  # of the database, which has no time to write anything; of the object storage, if there is one
    "copy": (3, ()),  # of the database
    "restore": (4, ()),  # of the newest copy
    "optimize": (2, (TABLES,)),
    "vacuum": (2, (TABLES,)),
    "update": (2, (TABLES,)),
    "rollback": (6, (DATES, 4)),  # to the generation so many before the newest; 3: to missing
    "release": (3, (DATES,)),
    "replay": (2, ()),
    "erase": (1, (len(COMPANIES),)),
    "maintain": (2, (2,)),  # 1: a hundred days later
    "export": (2, ()),
    "publish": (2, ()),
    "validate": (1, (DATES,)),
}
BEGINNING = (Action("crm", (0, 0, 0)), Action("land", (1, 0)), Action("land", (3, 0)))


def sequence(seed: int, length: int) -> list[Action]:
    """The actions of a seed; the first of them give the lake something to hold.

    >>> [str(action) for action in sequence(1, 4)][:3]
    ['crm 0 0 0', 'land 1 0', 'land 3 0']
    >>> sequence(1, 20) == sequence(1, 20) != sequence(2, 20)
    True
    """
    random = Random(seed)
    weights = [weight for weight, _ in WORDS.values()]
    found = list(BEGINNING)
    while len(found) < length:
        (word,) = random.choices(list(WORDS), weights)
        found.append(Action(word, tuple(random.randrange(below) for below in WORDS[word][1])))
    return found


def parsed(text: str) -> list[Action]:
    """A sequence as it was printed, an action a line.

    >>> parsed("land 1 0; run 1")
    [Action(word='land', numbers=(1, 0)), Action(word='run', numbers=(1,))]
    """
    lines = [line.split() for line in text.replace(";", "\n").splitlines() if line.strip()]
    return [Action(word, tuple(map(int, numbers))) for word, *numbers in lines]


def told(actions: Sequence[Action]) -> str:
    """The sequence in a line, as `parsed` reads it."""
    return "; ".join(map(str, actions))
