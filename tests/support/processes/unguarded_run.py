"""A command without some of what keeps two runs apart, which may stand at a place until it may go on.

Its arguments: what it is without, by commas (`lock`, `check`, `fence`, or "nothing"); where it stands (the path of a table
whose commit it is about to make, `transaction`, or "nowhere"); a folder for its marks; and the command's own.

Where it stands it makes the file `stands`, and waits until there is `goes`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from company_activity import pipeline, run
from company_activity.cli.main import main
from company_activity.io.lake.delta import Lake
from company_activity.io.lake.delta_log import encode_state
from company_activity.io.lake.lock import LakeHold
from company_activity.io.warehouse import publisher
from company_activity.schemas import Table

from support.processes.leased_run import GOES, STANDS, standing_before

NOTHING, NOWHERE, TRANSACTION = "nothing", "nowhere", "transaction"


def without_lock() -> None:
    """Neither the process nor its JVM holds the lake."""

    @contextmanager
    def nobody_holds(*given: object) -> Iterator[LakeHold]:
        yield LakeHold()

    pipeline.lake_lock = nobody_holds  # type: ignore[assignment,attr-defined]
    run.hold_in_jvm = lambda *given: None  # type: ignore[attr-defined]


def without_check() -> None:
    """A commit is made whatever the table's newest state is, and nobody looks at it afterwards."""

    @contextmanager
    def moved(lake: Lake, table: Table, becomes: str = "") -> Iterator[None]:
        yield
        lake.forget(table)

    def commit(lake: Lake, table: Table, writer: Any, state: Mapping[str, Any]) -> None:
        signed = {**state, "table_id": lake.log(table).table_id, "schema": table.fingerprint}
        with lake._unmoved(table):
            writer.option("userMetadata", encode_state(signed)).save(lake.uri(table))
        lake.commits += 1

    Lake._unmoved = moved  # type: ignore[method-assign,assignment]
    Lake._commit = commit  # type: ignore[method-assign,assignment]


def without_fence() -> None:
    """A publish does not ask from which lake, and from which version, the served rows come."""
    publisher.check_fence = lambda *given, **named: None


WITHOUT: Mapping[str, Callable[[], None]] = {"lock": without_lock, "check": without_check, "fence": without_fence}


def stand(marks: Path) -> None:
    """Stand here, the first time that we come by."""
    if not (marks / STANDS).exists():
        (marks / STANDS).touch()
        while not (marks / GOES).exists():
            time.sleep(0.05)


def standing_in_transaction(attempt: Callable[..., Any], marks: Path) -> Callable[..., Any]:
    """`attempt`, before whose transaction we stand; the rows are staged by then."""

    def attempted(*given: Any) -> Any:
        stand(marks)
        return attempt(*given)

    return attempted


if __name__ == "__main__":
    without, stands, marks, *arguments = sys.argv[1:]
    for guard in without.split(","):
        if guard != NOTHING:
            WITHOUT[guard]()
    if stands == TRANSACTION:
        attempt = standing_in_transaction(publisher.Publisher._attempt, Path(marks))
        publisher.Publisher._attempt = attempt  # type: ignore[method-assign]
    Lake._commit = standing_before(Lake._commit, stands, Path(marks))  # type: ignore[method-assign]
    sys.exit(main(arguments))
