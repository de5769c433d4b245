"""Which commands meet on a lake, and what one after the other leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from support.races.at_once import Command, Words
from support.races.world import COMPANIES, SET_BACK, WAITING

RUN = ("run", "--date", WAITING[0])
EACH = tuple(("run", "--date", day) for day in WAITING)
ERASE = ("erase", COMPANIES[2])
ROLLBACK = ("rollback", "--date", SET_BACK, "--to-generation", "1")
REPLAY = ("replay-quarantine",)
MAINTAIN = ("maintain",)
EXPORT = ("export", "--since", "0", "--table", "analytics.company_activity_daily")
STAGE = ("--steps", "ingest_usage,stage_usage")
ERASE_KEY = {"COMPANY_ACTIVITY__ERASE__KEY": "a key of thirty-two characters, at least"}
IMPATIENT = {"COMPANY_ACTIVITY__LAKE__LOCK_TIMEOUT_SECONDS": "0.5"}


@dataclass(frozen=True)
class Scenario:
    """`beside` are given at once, besides so many runs of `runs`; `serial` one after the other, to the same end.

    `begins` is the place they begin in. `without` are columns that tell the way: a generation's number, where one order
    lands a date once and the other twice.
    """

    name: str
    runs: tuple[Words, ...]
    count: int
    serial: tuple[Words, ...]
    beside: tuple[Words, ...] = ()
    begins: str = "begun"
    environ: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()

    def commands(self, seed: int) -> list[Command]:
        """What is started: at the same moment, or, by the seed, within some seconds, in an order that it tells.

        By each third seed some runs do not wait for the lake.
        """
        random = Random(f"{self.name}:{seed}")
        words = [self.runs[number % len(self.runs)] for number in range(self.count)]
        spread = (0.0, 2.0, 12.0)[seed % 3]
        commands = [Command(one, random.random() * spread) for one in self.beside]
        for number, one in enumerate(words):
            impatient = IMPATIENT if seed % 3 == 2 and number % 3 == 2 else {}
            commands.append(Command(one, random.random() * spread, impatient))
        random.shuffle(commands)
        return commands


SCENARIOS = (
    Scenario("one date", (RUN,), 10, (RUN,)),
    Scenario("neighbouring dates", EACH, 10, (("run", "--from", WAITING[0], "--to", WAITING[-1]),)),
    Scenario("beside a rollback", (RUN,), 2, (RUN, ROLLBACK), (ROLLBACK,)),
    Scenario("beside an erasure", (RUN,), 2, (RUN, ERASE), (ERASE,), environ=ERASE_KEY, without=("generation",)),
    Scenario("beside maintain", (RUN,), 2, (RUN,), (MAINTAIN, MAINTAIN), begins="aged"),
    Scenario("beside a replay", (RUN,), 2, (RUN,), (REPLAY,), begins="older rules"),
    Scenario("beside an export", (RUN,), 2, (RUN,), (EXPORT,)),
)
