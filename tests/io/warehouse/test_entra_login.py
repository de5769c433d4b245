"""The real mssql-jdbc hands the token to a server that speaks TDS: from the driver and from Spark's tasks.

The server takes a login and stores nothing; that Azure SQL takes the rows too needs Azure SQL.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.io.warehouse.engines import DIALECTS
from company_activity.io.warehouse.entra import EntraTokens
from company_activity.io.warehouse.jdbc import SqlError
from company_activity.io.warehouse.served import ACTIVITY
from company_activity.io.warehouse.stage import write_stage
from company_activity.io.warehouse.target import Target
from company_activity.io.warehouse.warehouse import Warehouse
from company_activity.settings.model import PublishSettings, SqlSettings

from support.azure.notebooks import HOUR, Issuer
from support.warehouse.tables import DAY, activity
from support.warehouse.tds import STORES_NOTHING, TdsServer, tds_server

TESTS = Path(__file__).resolve().parents[2]


@pytest.fixture
def clock() -> list[float]:
    return [1_700_000_000.0]


@pytest.fixture
def issuer(clock: list[float]) -> Issuer:
    return Issuer(lambda: clock[0])


@pytest.fixture
def server(tmp_path: Path, issuer: Issuer) -> Iterator[TdsServer]:
    """Lets in whoever has a token of the issuer that has not expired."""
    with tds_server(tmp_path, ACTIVITY.column_names, issuer.takes) as server:
        yield server


@pytest.fixture
def warehouse(spark: SparkSession, server: TdsServer, issuer: Issuer) -> Warehouse:
    """The server as Azure SQL, logged in to by Entra."""
    dialect = DIALECTS["azuresql"]
    assert dialect.entra is not None
    tokens = EntraTokens(dialect.entra, issuer.credential(), issuer.clock)
    target = Target(dialect.name, server.url, is_local=True, tokens=tokens)
    return Warehouse(spark, target, dialect, PublishSettings(writers=2), SqlSettings(server.url), lambda seconds: None)


def write(warehouse: Warehouse, tried: Callable[[Callable[[], None]], None]) -> SqlError:
    """Spark's write to staging, which the server ends when the first row is to be stored."""
    rows = activity(warehouse.spark, {DAY: dict.fromkeys("abcdefgh", 1)})
    with pytest.raises(SqlError) as ended:
        tried(lambda: write_stage(warehouse, rows, ACTIVITY, "etl.stage_1"))
    return ended.value


def plans(spark: SparkSession) -> str:
    """The plans of the session so far, as the event log and the web page have them."""
    executions = spark._jsparkSession.sharedState().statusStore().executionsList()
    return "\n".join(str(executions.apply(n).physicalPlanDescription()) for n in range(executions.size()))


def test_driver_and_tasks_log_in_with_the_token_and_nothing_shows_it(
    warehouse: Warehouse, server: TdsServer, issuer: Issuer
) -> None:
    with warehouse.connection() as connection:
        connection.execute("SET NOCOUNT ON")
    assert len(server.logins) == 1
    ended = write(warehouse, lambda unit: unit())
    (token,) = issuer.issued
    assert {(login.user, login.password, login.token) for login in server.logins} == {("", "", token)}
    assert len(server.logins) >= 3  # ours, Spark's own that looks for the table, and at least one of its tasks
    shown = plans(warehouse.spark)
    assert "SaveIntoDataSourceCommand" in shown
    assert "accesstoken=*********(redacted)" in shown
    assert not any(token in text for text in (shown, str(ended), repr(warehouse)))


@pytest.mark.long
def test_where_the_token_ends_before_a_task_connects_the_write_is_done_again_with_a_new_one(
    warehouse: Warehouse, server: TdsServer, issuer: Issuer, clock: list[float]
) -> None:
    def takes(token: str) -> bool:
        is_taken = issuer.takes(token)
        if len(server.logins) == 1:  # Spark has asked for the table; its tasks begin an hour later
            clock[0] += HOUR
        return is_taken

    server.takes = takes
    ended = write(warehouse, warehouse.tried)
    assert str(ended) == STORES_NOTHING[-1]  # the second write got as far as its rows
    assert [*dict.fromkeys(login.token for login in server.logins)] == issuer.issued
    assert len(issuer.issued) == 2


@pytest.mark.long
def test_a_login_that_is_refused_otherwise_is_not_repeated(warehouse: Warehouse, server: TdsServer) -> None:
    server.takes = lambda token: False
    with pytest.raises(SqlError, match="^Login failed for user") as refused:
        warehouse.asked(lambda connection: connection.execute("SET NOCOUNT ON"))
    assert refused.value.code == 18456
    assert len(server.logins) == 1


@pytest.mark.long
@pytest.mark.spark
def test_an_event_log_of_a_pool_that_masks_nothing_holds_no_token(tmp_path: Path) -> None:
    """Beside it a write that is not ours, whose token must be found there: else this test would show nothing."""
    path = os.pathsep.join([str(TESTS), str(TESTS.parent / "lib")])
    command = [sys.executable, str(TESTS / "support/processes/write_with_token.py"), str(tmp_path)]
    ran = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    token, not_ours, logins = ran.stdout.split()
    (log,) = (tmp_path / "events").iterdir()
    events = log.read_text()
    assert int(logins) >= 2
    assert not_ours in events
    assert events.count("SaveIntoDataSourceCommand") >= 2
    assert token not in events
