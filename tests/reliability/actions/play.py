"""Plays a sequence on a product and on the model at once; the model judges after every third action, and at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from reliability.actions import inputs
from reliability.actions.actions import COMPANIES, DATES, FIRST, Action
from reliability.actions.judge import differences
from reliability.actions.model import Content, Model
from reliability.actions.product import Product

EVERY = 3
LAST = FIRST + timedelta(days=DATES - 1)
TO_MISSING = 3
Say = Callable[[str], None]


class Diverged(AssertionError):
    """Lake or SQL are not what the model says, or a command did not end as it should.

    `actions` is how many were begun by then: the prefix that fails.
    """

    actions = 0


def play(product: Product, actions: Sequence[Action], model: Model | None = None, say: Say = print) -> None:
    """Do each action, and judge.

    Raises:
        Diverged: at the first difference; it names the action after which it was seen.
    """
    player = Player(product, model or Model())
    for number, action in enumerate(actions, start=1):
        say(f"{number:3} {action}")
        try:
            player.do(action)
            if number % EVERY == 0 or number == len(actions):
                player.judge(f"after action {number}, {action}")
        except Diverged as diverged:
            diverged.actions = number
            raise


@dataclass
class Player:
    """The product and the model side by side; `has_run`: there is something that can be published."""

    product: Product
    model: Model
    has_run: bool = False

    def do(self, action: Action) -> None:
        """What the word says; others go to the product as they are."""
        known = getattr(self, f"_{action.word}", None)
        if known:
            known(action)
        else:
            self.product.around(action.word)

    def judge(self, where: str) -> None:
        """A run, and lake and SQL are what the model says; a database that was set back is published to first."""
        if not self.model.answers:
            return
        self._serve()
        found = differences(self.model.world(), self.product.seen())
        if found:
            raise Diverged(f"{where}: {'; '.join(found[:5])}")

    def _land(self, action: Action) -> None:
        self._answers(action.day, inputs.answer(action.day, action.numbers[1]))
        self._ingest(action.day)

    def _malformed(self, action: Action) -> None:
        self._answers(action.day, inputs.answer(action.day, action.numbers[1], is_malformed=True))
        self._ingest(action.day)

    def _answer(self, action: Action) -> None:
        self._answers(action.day, inputs.answer(action.day, action.numbers[1]))

    def _answers(self, day: date, content: Content) -> None:
        self.product.answer(day, content)
        self.model.answers[day] = content

    def _ingest(self, day: date) -> None:
        self._ends(0, "ingest", "--start", str(day), "--end", str(day))
        self.model.fetch(day)

    def _crm(self, action: Action) -> None:
        number, take, columns = action.numbers
        rows, day = inputs.crm_rows(number, take, columns), inputs.file_date(number)
        file = inputs.snapshot(f"raw/crm/crm_{day}.csv", day, rows, columns)
        self.product.drop(file, inputs.crm_text(rows, columns))
        self.model.drop(file)

    def _run(self, action: Action) -> None:
        self._run_dates(action.day, action.day)

    def _range(self, action: Action) -> None:
        self._run_dates(action.day, min(action.day + timedelta(days=action.numbers[1]), LAST))

    def _run_dates(self, first: date, last: date) -> None:
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        self._ends(0 if all(day in self.model.answers for day in days) else 3, "run", *_dates(first, last))
        for day in days:
            self.model.fetch(day)
        self.has_run = True

    def _serve(self) -> None:
        """A run, and a database that was set back is published to."""
        self._heal()
        if self.product.may_be_behind:
            self._ends(0, "publish", *_dates(FIRST, LAST))

    def _heal(self) -> None:
        """A run of one date, which brings all others up to date as well."""
        if self.model.answers:
            self._run_dates(min(self.model.answers), min(self.model.answers))

    def _kill(self, action: Action) -> None:
        """The date has landed or it has not; nothing in between."""
        day = action.day
        self.product.killed(action.numbers[1] / 100, "run", *_dates(day, day))
        number = self.product.generations().get(day, 0)
        if not self.model.saw(day, number):
            raise Diverged(f"a killed run of {day} left generation {number}")

    def _optimize(self, action: Action) -> None:
        self.product.commit(action.word, action.numbers[0])

    _vacuum = _update = _optimize

    def _rollback(self, action: Action) -> None:
        landed, back = self.model.landed(action.day), action.numbers[1]
        numbers = sorted(landed.generations, reverse=True)
        if not numbers:
            self._ends(2, "rollback", "--date", str(action.day), "--to-generation", "missing")
            return
        chosen = None if back >= min(TO_MISSING, len(numbers)) else numbers[back]
        self._ends(0, "rollback", "--date", str(action.day), "--to-generation", str(chosen or "missing"))
        landed.roll_back(landed.generations[chosen] if chosen else None)

    def _release(self, action: Action) -> None:
        self._ends(0, "rollback", "--release", str(action.day))
        self.model.landed(action.day).held.clear()

    def _replay(self, action: Action) -> None:
        self._ends(0, "replay-quarantine")

    def _erase(self, action: Action) -> None:
        """After a run, so that staging has what is newest: an older one would be kept to go back to."""
        self._heal()
        company = COMPANIES[action.numbers[0]]
        self._ends(0, "erase", company)
        self.model.erase(company)

    def _maintain(self, action: Action) -> None:
        """At once it finds nothing old; a hundred days later only what is in force stays, which a run has staged."""
        if action.numbers[0] and self.product.can_age:
            self._heal()
            self.product.around("wait")
            for landed in self.model.dates.values():
                landed.forget_older()
        self._ends(0, "maintain")

    def _export(self, action: Action) -> None:
        """Of what is served: of a database that was set back, the lake may have given up the versions."""
        if self.model.answers:
            self._serve()
            self._ends(0, "export", "--since", "0")

    def _publish(self, action: Action) -> None:
        """Of all dates, whatever a killed run has left: so a database that was set back is served again."""
        if self.has_run:
            self._ends(0, "publish", *_dates(FIRST, LAST))

    def _validate(self, action: Action) -> None:
        """What is served may be older than the lake, which it is for the judge to heal."""
        if not self.has_run:
            return
        code = self.product.command("validate", *_dates(action.day, action.day))
        if code not in (0, 5):
            raise Diverged(f"validate ended with {code}")

    def _ends(self, code: int, *arguments: str) -> None:
        found = self.product.command(*arguments)
        if found != code:
            raise Diverged(f"{' '.join(arguments)} ended with {found}, not {code}")


def _dates(first: date, last: date) -> tuple[str, ...]:
    return ("--from", str(first), "--to", str(last))
