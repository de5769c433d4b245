"""From the command line: what is asked of a warehouse on this machine, and of one that is elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from pyspark.sql import SparkSession

from company_activity.cli.main import main
from company_activity.io.warehouse.jdbc import SqlError
from company_activity.io.warehouse.migrations import shipped
from company_activity.io.warehouse.warehouse import Warehouse, open_warehouse
from company_activity.settings.loading import load_settings

from support.warehouse.lakes import commit_companies, commit_dates
from support.warehouse.postgres import QUICK, Cluster, installed, running
from support.warehouse.tables import DAY, execute, h2_url, ledger_rows, served_rows

pytestmark = [pytest.mark.long, pytest.mark.nightly]

# For Java this is 127.0.0.1; for us, who look up no name, it is a host like any other.
ELSEWHERE = "127.1"
NOWHERE = "jdbc:postgresql://127.0.0.1:1/x"
NAMES = [migration.name for migration in shipped("h2")]


def build(spark: SparkSession, lake_root: str, users: Mapping[str, int]) -> None:
    """A lake of one date, as building it commits it."""
    commit_companies(spark, lake_root, dict.fromkeys(users, "x"))
    commit_dates(spark, lake_root, {DAY: users}, state={"dates": {DAY.isoformat(): [f"hash of {users}"]}})


@dataclass(frozen=True)
class TwoLakes:
    """A folder with two lakes, each with tables of its own, and one warehouse; what was said on it."""

    spark: SparkSession
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def file(self, lake: str, url: str | None) -> Path:
        tree = {
            "api": {"url": "http://127.0.0.1:1"},
            "landing": {"root": str(self.folder / "landing")},
            "lake": {"root": str(self.folder / lake)},
            "sql": {"url": url or h2_url(self.folder), "user": "sa", "wake_seconds": 0},
            "report": {"dir": str(self.folder / "reports")},
        }
        path = self.folder / "settings.yaml"
        path.write_text(yaml.safe_dump(tree), encoding="utf-8")
        return path

    def says(
        self, *arguments: str, lake: str = "lake", url: str | None = None, env: str = "production"
    ) -> tuple[int, str, str]:
        """The exit code, what standard output says, and what standard error does."""
        code = main([*arguments, "--env", env, "--settings", str(self.file(lake, url))])
        told = self.capsys.readouterr()
        return code, told.out, told.err

    @property
    def warehouse(self) -> Warehouse:
        return self.warehouse_at(None)

    def warehouse_at(self, url: str | None) -> Warehouse:
        return open_warehouse(self.spark, load_settings("production", file=self.file("lake", url), environ={}))


@pytest.fixture(scope="module")
def lakes(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake and the same one rebuilt, with other users: made once, each test works on a copy."""
    folder = tmp_path_factory.mktemp("lakes")
    build(spark, str(folder / "lake"), {"a": 1, "b": 2})
    build(spark, str(folder / "rebuilt"), {"a": 9})
    return folder


@pytest.fixture
def place(spark: SparkSession, lakes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> TwoLakes:
    shutil.copytree(lakes, tmp_path, dirs_exist_ok=True)
    return TwoLakes(spark, tmp_path, capsys)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs the certificate of the server elsewhere."""
    return trustme.CA()


@pytest.fixture(scope="module")
def cluster(authority: trustme.CA) -> Iterator[Cluster]:
    """A PostgreSQL that offers TLS."""
    if (programs := installed()) is None:
        pytest.skip("NO POSTGRESQL: publishing to another host is NOT tested; install it: apt-get install postgresql")
    with running(programs, QUICK, authority.issue_cert(ELSEWHERE)) as cluster:
        cluster.sql("CREATE ROLE sa SUPERUSER LOGIN", "postgres")  # the user of the settings file
        yield cluster


@pytest.fixture
def elsewhere(cluster: Cluster, authority: trustme.CA, tmp_path: Path) -> str:
    """The URL of an empty database on another host, whose certificate its root file vouches for."""
    root = tmp_path / "root.pem"
    authority.cert_pem.write_to_path(str(root))
    url = cluster.new_database().replace("127.0.0.1", ELSEWHERE)
    return f"{url}?sslrootcert={root}"


PUBLISH = ("publish", "--date", DAY.isoformat())
USERS = "company_id, active_users"


def test_migrate_says_what_it_applied_and_then_that_there_is_nothing(place: TwoLakes) -> None:
    code, said, _ = place.says("migrate")
    assert (code, f"applied {', '.join(NAMES)}" in said) == (0, True)
    code, said, _ = place.says("migrate")
    assert (code, "nothing to apply" in said) == (0, True)


def test_elsewhere_no_table_is_made_and_no_lake_adopted_unasked_whatever_the_environment_is_called(
    place: TwoLakes, elsewhere: str
) -> None:
    def says(*arguments: str, **given: Any) -> tuple[int, str, str]:
        return place.says(*arguments, url=elsewhere, env="local", **given)

    code, _, said = says(*PUBLISH)
    assert code == 5
    assert f"lacks {', '.join(NAMES)} — company-activity migrate" in " ".join(said.split())
    with pytest.raises(SqlError):
        ledger_rows(place.warehouse_at(elsewhere))
    assert (says("migrate")[0], says(*PUBLISH)[0]) == (0, 0)
    code, _, said = says(*PUBLISH, lake="rebuilt")
    assert (code, "publish --date D --adopt-lake" in said) == (5, True)
    warehouse = place.warehouse_at(elsewhere)
    assert served_rows(warehouse, USERS) == [("a", "1"), ("b", "2")]
    code, said, _ = says(*PUBLISH, "--adopt-lake", lake="rebuilt")
    assert (code, said.count("takes over from")) == (0, 2)
    assert served_rows(warehouse, USERS) == [("a", "9")]
    assert says(*PUBLISH)[0] == 5  # the earlier one is the stranger now
    with warehouse.connection() as connection:
        assert connection.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == [("t",)]


def test_elsewhere_a_server_that_java_does_not_trust_is_not_talked_to(place: TwoLakes, elsewhere: str) -> None:
    code, _, said = place.says("migrate", url=elsewhere.partition("?")[0], env="local")
    assert (code, "PKIX path building failed" in said) == (5, True)


def test_on_this_machine_a_rebuilt_lake_takes_over_with_a_warning_whatever_the_environment_is_called(
    place: TwoLakes,
) -> None:
    assert place.says(*PUBLISH)[0] == 0
    code, said, _ = place.says(*PUBLISH, lake="rebuilt")
    assert (code, said.count("takes over from")) == (0, 2)
    assert served_rows(place.warehouse, USERS) == [("a", "9")]


def test_a_step_named_alone_asks_the_ledger_and_not_its_mirror(place: TwoLakes) -> None:
    place.says(*PUBLISH, env="local")
    execute(place.warehouse, ["DELETE FROM analytics.company_activity_daily WHERE company_id = 'a'"])
    code, said, _ = place.says("run", "--steps", "publish", *PUBLISH[1:], env="local")  # what jobs/publish.py says
    assert (code, "changed in SQL by somebody else, sent again" in said) == (0, True)
    assert served_rows(place.warehouse, USERS) == [("a", "1"), ("b", "2")]


@pytest.mark.parametrize("command", [("validate",), ("run", "--steps", "validate")], ids=["validate", "the job"])
def test_validate_finds_a_date_that_sql_serves_and_the_lake_no_longer_has(
    place: TwoLakes, command: tuple[str, ...]
) -> None:
    place.says(*PUBLISH, env="local")
    commit_dates(place.spark, str(place.folder / "lake"), {}, [DAY], {"dates": {}})
    code, said, told = place.says(*command, *PUBLISH[1:], env="local")
    assert (code, f"{DAY}: 2 rows, sum 3, sum 30 in SQL, 0 rows, sum 0, sum 0 in the lake" in said + told) == (5, True)


@pytest.mark.parametrize("command", [("migrate",), PUBLISH], ids=["migrate", "publish"])
def test_a_warehouse_that_cannot_be_reached_is_one_line_and_exit_5(place: TwoLakes, command: tuple[str, ...]) -> None:
    code, _, said = place.says(*command, url=NOWHERE)
    assert (code, len(said.strip().splitlines())) == (5, 1)
    assert f"preparing the warehouse at {NOWHERE}: Connection to 127.0.0.1:1 refused" in said
    assert f"company-activity {command[0]}" in said


def test_a_table_of_our_name_that_differs_is_exit_5(place: TwoLakes) -> None:
    foreign = "CREATE TABLE dim.companies (company_id VARCHAR(128) NOT NULL PRIMARY KEY, name VARCHAR(9))"
    execute(place.warehouse, ["CREATE SCHEMA dim", foreign])
    code, _, said = place.says("migrate")
    assert code == 5
    assert "dim.companies.name is CHARACTER VARYING(9), narrower than VARCHAR(2048); dim.companies.country is" in said
    assert said.rstrip().endswith("fix the table by hand, then: company-activity migrate")


def test_a_difference_stops_a_publish_before_anything_is_deleted(place: TwoLakes) -> None:
    place.says("migrate")
    place.says(*PUBLISH)
    execute(place.warehouse, ["ALTER TABLE dim.companies DROP COLUMN country"])
    code, _, said = place.says(*PUBLISH, "--adopt-lake", lake="rebuilt")
    assert (code, "dim.companies.country is missing" in said) == (5, True)
    assert served_rows(place.warehouse, USERS) == [("a", "1"), ("b", "2")]


def test_publish_resumes_what_failed(place: TwoLakes) -> None:
    place.says("migrate")
    assert place.says(*PUBLISH, url=NOWHERE)[0] == 5
    assert place.says(*PUBLISH)[0] == 0
    assert [row[0] for row in ledger_rows(place.warehouse)] == [DAY.isoformat(), "all"]
    assert served_rows(place.warehouse, USERS) == [("a", "1"), ("b", "2")]


def test_a_url_that_weakens_tls_is_refused_but_for_a_loopback_host(place: TwoLakes) -> None:
    weak = f"{NOWHERE}?sslmode=disable"
    for env in ("local", "production"):
        code, _, said = place.says("migrate", url=weak.replace("127.0.0.1", ELSEWHERE), env=env)
        assert (code, "sql.url weakens TLS by sslmode, which only H2 or a loopback host may" in said) == (2, True)
        assert place.says("migrate", url=weak, env=env)[0] == 5  # nobody answers there


def test_a_password_is_found_by_its_name_and_never_shown(place: TwoLakes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANY_ACTIVITY__SQL__PASSWORD", "secret://sql-password")
    code, _, said = place.says("migrate")
    assert (code, "no secret 'sql-password'" in said) == (2, True)
    monkeypatch.setenv("SQL_PASSWORD", "hunter2")
    code, shown, said = place.says("migrate", url=f"{NOWHERE}?user=etl")
    assert (code, "hunter2" in shown + said) == (5, False)


@pytest.mark.parametrize(
    "url",
    [
        NOWHERE.replace("//", "//etl:hunter2@"),
        f"{NOWHERE}?sslpassword=hunter2&user=etl",
        "jdbc:sqlserver://127.0.0.1:1;pwd=hunter2;user=etl;encrypt=false;connectRetryCount=0",
        "jdbc:sqlserver://127.0.0.1:1;user=etl;password={x;hunter2}};y};trustStorePassword={hunter2};encrypt=false;connectRetryCount=0",
        "jdbc:sqlserver://127.0.0.1:1;user=etl;clientKeyPassword=hunter2;AADSecurePrincipalSecret=hunter2&;connectRetryCount=0",
    ],
)
def test_no_secret_of_the_url_is_shown_or_recorded(place: TwoLakes, url: str) -> None:
    code, shown, said = place.says(*PUBLISH, url=url, env="local")
    assert (code, "hunter2" in shown + said) == (5, False)
    kept = [path for path in place.folder.rglob("ops/**/*") if path.is_file()]
    assert kept
    assert not [path for path in kept if b"hunter2" in path.read_bytes()]
