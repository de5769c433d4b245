"""What every channel tells of a run, each in its own form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import chain, islice
from typing import Any

PIPELINE = "company-activity"
TEXT_SIZES = (2000, 800, 300, 100, 40)  # how long a text may be, from the first try on
TUPLES = ("gates", "warnings", "exit_codes", "errors")
LIST_SIZES = (20, 10, 5, 2, 1)


@dataclass(frozen=True)
class Message:
    """The end of a run: what was asked, how it went, where its report is. It names no company.

    `gates` are the verdicts that did not pass, `counts` the rows per step; `report` is a path or an
    address. `status_line` says how far the report's lists can be trusted, `risk_news` how many
    companies entered risk and recovered since the last one. `errors` has a line for each step that
    failed, and `exit_codes` its code; the first is also `error` and `exit_code`.
    """

    run_id: str
    event: str  # succeeded or failed
    environment: str
    command: str
    dates: str
    began_at: str
    seconds: float
    exit_code: int = 0
    failed_step: str = ""
    error: str = ""
    remedy: str = ""
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    gates: tuple[str, ...] = ()
    gates_passed: int = 0
    warnings: tuple[str, ...] = ()
    churn_risks: int = 0
    risks_on: str = ""
    report: str = ""
    pipeline: str = PIPELINE
    exit_codes: tuple[int, ...] = ()
    errors: tuple[str, ...] = ()
    status_line: str = ""
    risk_news: str = ""

    @property
    def key(self) -> str:
        """What tells this message from every other: it is sent once per channel."""
        return f"{self.run_id}.{self.event}"

    @property
    def headline(self) -> str:
        """The first line, and a mail's subject."""
        at = f" at {_words(self.failed_step)}" if self.failed_step else ""
        return (
            f"{self.pipeline} ({self.environment}) {self.event}{at}: {self.dates or self.command}"
        )

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Names and values, the most wanted first."""
        risks = f"{self.churn_risks:,}{f' on {self.risks_on}' if self.risks_on else ''}"
        risks += f"; {self.risk_news}" if self.risk_news else ""
        facts = [
            ("Error", self.error),
            ("What to do", self.remedy),
            ("Step", _words(self.failed_step)),
            ("Dates", self.dates),
            ("Status", self.status_line),
            ("Companies at risk", risks if self.event == "succeeded" or self.churn_risks else ""),
            ("Report", self.report),
            ("Run", f"{self.run_id} ({self.command})"),
            ("Began", f"{self.began_at}, took {self.seconds:.0f} s, exit code {self._codes}"),
        ]
        return [(name, value) for name, value in facts if value]

    @property
    def _codes(self) -> str:
        more = [str(code) for code in dict.fromkeys(self.exit_codes) if code != self.exit_code]
        return f"{self.exit_code} (and {', '.join(more)})" if more else str(self.exit_code)

    @property
    def lists(self) -> list[tuple[str, list[str]]]:
        """Headed lists: what else failed, the gates that did not pass, the warnings, the counts."""
        passed = [f"{self.gates_passed:,} passed"] if self.gates_passed else []
        counts = [
            f"{_words(step)}: {', '.join(f'{count:,} {_words(name)}' for name, count in counted.items())}"
            for step, counted in self.counts.items()
        ]
        lists = [("Failed as well", list(self.errors[1:]))]
        lists += [
            ("Gates", [*self.gates, *passed]),
            ("Warnings", list(self.warnings)),
            ("Counts", counts),
        ]
        return [(name, lines) for name, lines in lists if lines]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Message:
        """A message as `as_json` gave it; what a later version added is passed over."""
        known = {one.name: plain[one.name] for one in fields(cls) if one.name in plain}
        return cls(**known | {name: tuple(known.get(name, ())) for name in TUPLES})

    @classmethod
    def of_record(cls, record: Mapping[str, Any], environment: str) -> Message:
        """What a run's record has to tell."""
        error = record["error"] or {}
        return cls(
            run_id=record["run_id"],
            event=record["outcome"],
            environment=environment,
            command=record["command"],
            dates=_dates(record["from"], record["to"]),
            began_at=record["started_at"],
            seconds=record["seconds"],
            exit_code=record["exit_code"],
            failed_step=record["failed_step"] or "",
            error=_error(error) if error else "",
            remedy=error.get("remedy", ""),
            churn_risks=record["churn_risks"],
            risks_on=record["risks_on"] or "",
            report=record["report"],
            status_line=record.get("status_line", ""),
            risk_news=record.get("risk_news", ""),
            exit_codes=tuple(record.get("exit_codes", ())),
            errors=tuple(map(_failure, record.get("errors", ()))),
            **_of_steps(record["steps"]),
        )

    def shortened(self, characters: int, entries: int) -> Message:
        """The same with each text and each list cut to a length."""
        counts = {}
        for step, counted in islice(self.counts.items(), entries):
            counts[_cut(step, characters)] = dict(islice(counted.items(), entries))
        return replace(
            self,
            error=_cut(self.error, characters),
            remedy=_cut(self.remedy, characters),
            command=_cut(self.command, characters),
            status_line=_cut(self.status_line, characters),
            risk_news=_cut(self.risk_news, characters),
            report=self.report if len(self.report) <= 1000 else "",
            errors=_few(self.errors, characters, entries),
            gates=_few(self.gates, characters, entries),
            warnings=_few(self.warnings, characters, entries),
            counts=counts,
        )


def fitting(message: Message, form: Callable[[Message], bytes], most_bytes: int) -> bytes:
    """The message in a channel's form, shortened as often as it takes to get under `most_bytes`."""
    formed = b""
    for characters, entries in zip(TEXT_SIZES, LIST_SIZES, strict=True):
        formed = form(message.shortened(characters, entries))
        if len(formed) < most_bytes:
            return formed
    return formed


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[:characters]}…"


def _few(texts: tuple[str, ...], characters: int, entries: int) -> tuple[str, ...]:
    """The first texts, each cut, and how many more there are."""
    few = [_cut(text, characters) for text in texts[:entries]]
    if len(texts) > entries:
        few.append(f"… and {len(texts) - entries} more")
    return tuple(few)


def _of_steps(steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a message takes from the steps of a record."""
    return {
        "counts": {step["name"]: step["counts"] for step in steps if step["counts"]},
        "gates": tuple(map(_verdict, _each(steps, "gates_not_passed"))),
        "gates_passed": sum(sum(step["gates_passed"].values()) for step in steps),
        "warnings": tuple(_each(steps, "warnings")),
    }


def _each(steps: Iterable[Mapping[str, Any]], name: str) -> Iterator[Any]:
    """The entries of a list that every step has, step by step."""
    return chain.from_iterable(step[name] for step in steps)


def _error(error: Mapping[str, Any]) -> str:
    return f"{error['kind']}: {error['what']}"


def _dates(first: str | None, last: str | None) -> str:
    if not first:
        return ""
    return first if first == last else f"{first} to {last}"


def _failure(error: Mapping[str, Any]) -> str:
    remedy = f" — {error['remedy']}" if error["remedy"] else ""
    return f"{_words(error['step'])}, exit code {error['exit_code']}: {_error(error)}{remedy}"


def _verdict(verdict: Mapping[str, Any]) -> str:
    word = "refused" if verdict["severity"] == "error" else "warned"
    return f"{verdict['gate']} on {verdict['scope']} {word}: found {verdict['found']}, wanted {verdict['wanted']}"


def _words(name: str) -> str:
    return name.replace("_", " ")
