"""A transaction that fails, and a commit that gets no answer: what is tried again, what is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from company_activity.errors import PublishError
from company_activity.io.warehouse.batch import PublishBatch
from company_activity.io.warehouse.engines import DIALECTS
from company_activity.io.warehouse.jdbc import Row, SqlError
from company_activity.io.warehouse.ledger import MISSING, Fence, LedgerRow
from company_activity.io.warehouse.mirror import mirror_files
from company_activity.io.warehouse.publisher import Publisher
from company_activity.io.warehouse.served import ACTIVITY

from support.warehouse.recorder import RecordedWarehouse, Recorder
from support.warehouse.tables import NOW

GONE = PublishBatch(ACTIVITY, Fence("5f0c", 12), {"2025-03-31": MISSING}, staged={}, served={})
NEWEST = {"CONCAT(": [("7|2025-03-31|p|h0|3|5f0c|11|2025-03-31 05:30:00|run-0",)], "MAX(seq), 0": [("7",)]}
CUT = SqlError("the connection is closed", "08006")


class Failing(Recorder):
    """Throws the next of `failures` whenever the text is said, until none is left; None lets it pass."""

    def __init__(self, answers: Mapping[str, Sequence[Row]], text: str, failures: Iterable[SqlError | None]) -> None:
        super().__init__(answers)
        self.text, self.failures = text, list(failures)

    def _may_fail(self, sql: str) -> None:
        if self.text in sql and self.failures and (failure := self.failures.pop(0)):
            raise failure

    def execute(self, sql: str, *values: object) -> int:
        self._may_fail(sql)
        return super().execute(sql, *values)

    def query(self, sql: str, *values: object) -> list[Row]:
        self._may_fail(sql)
        return super().query(sql, *values)

    def commit(self) -> None:
        super().commit()
        self._may_fail("(commit)")


Publish = Callable[[Failing], tuple[list[LedgerRow], list[float]]]


@pytest.fixture
def publish(tmp_path: Path) -> Publish:
    """Delete a date that became missing, over a connection that fails; the sleeps and what was said."""

    def publish(connection: Failing) -> tuple[list[LedgerRow], list[float]]:
        slept: list[float] = []
        warehouse = RecordedWarehouse(DIALECTS["postgres"], connection, sleep=slept.append)
        publisher = Publisher(warehouse, mirror_files(str(tmp_path)), "run-1", NOW)
        return publisher.run(GONE, None), slept

    return publish


def test_a_deadlock_is_tried_again_as_a_whole(publish: Publish) -> None:
    connection = Failing(NEWEST, "DELETE FROM analytics", [SqlError("deadlock", "40P01")])
    rows, slept = publish(connection)
    assert ([row.seq for row in rows], slept) == ([8], [0.2])
    told = [said for said in connection.said if said.startswith("(")]
    assert told == ["(begin)", "(rollback)", "(close)", "(begin)", "(commit)", "(close)"]


def test_postgres_reads_the_ledger_as_it_stands_once_the_lock_is_granted(publish: Publish) -> None:
    """Whatever the database's default is: under `repeatable read` it would be as before the wait."""
    connection = Failing(NEWEST, "nothing", [])
    publish(connection)
    begun = connection.said.index("(begin)")
    assert connection.said[begun + 1] == "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"


def test_what_will_not_pass_is_not_tried_again(publish: Publish) -> None:
    connection = Failing(NEWEST, "DELETE FROM analytics", [SqlError("permission denied", "42501")])
    with pytest.raises(SqlError, match="permission denied"):
        publish(connection)
    assert connection.said[-2:] == ["(rollback)", "(close)"]


def test_trying_again_has_an_end(publish: Publish) -> None:
    connection = Failing(NEWEST, "FOR UPDATE", [CUT] * 99)
    with pytest.raises(SqlError, match="closed"):
        publish(connection)
    assert 99 - len(connection.failures) == 18  # 120 s of waiting: 0.2, 0.4, … 6.4, then 10 each


def test_a_commit_without_an_answer_that_happened_is_not_repeated(publish: Publish) -> None:
    connection = Failing({**NEWEST, "run_id = ?": [("1",)]}, "(commit)", [CUT])
    rows, slept = publish(connection)
    assert ([row.scope for row in rows], slept) == (["2025-03-31"], [])
    assert connection.said.count("(commit)") == 1


def test_a_commit_without_an_answer_that_did_not_happen_is_repeated(publish: Publish) -> None:
    connection = Failing({**NEWEST, "run_id = ?": [("0",)]}, "(commit)", [CUT])
    rows, slept = publish(connection)
    assert ([row.scope for row in rows], slept) == (["2025-03-31"], [0.2])
    assert connection.said.count("(commit)") == 2


def test_the_ledger_is_asked_only_behind_the_lock(publish: Publish) -> None:
    connection = Failing({**NEWEST, "run_id = ?": [("1",)]}, "(commit)", [CUT])
    publish(connection)
    asked = next(place for place, said in enumerate(connection.said) if "run_id = 'run-1'" in said)
    assert "FOR UPDATE" in connection.said[asked - 1]


def test_an_outcome_that_cannot_be_found_out_is_no_success(publish: Publish) -> None:
    class Gone(Failing):
        """From its commit on nobody answers."""

        def commit(self) -> None:
            self.text, self.failures = "FOR UPDATE", [CUT] * 99
            raise CUT

    with pytest.raises(PublishError, match="whether analytics.company_activity_daily was published is unknown"):
        publish(Gone(NEWEST, "", []))


def test_before_anything_is_changed_the_mirror_is_said_not_to_be_trusted(publish: Publish, tmp_path: Path) -> None:
    publish(Failing({**NEWEST, "run_id = ?": [("1",)]}, "(commit)", [CUT]))
    assert [path.name for path in tmp_path.rglob("*.*") if path.is_file()] == ["000000001.run-1.begun"]
