"""`doctor`: each check is a line, an ✗ has its remedy, and the first one's exit code is the command's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from company_activity.errors import RuntimeMissing
from company_activity.io.lake.lock import LOCK_OF_JVM
from company_activity.io.warehouse import publishing
from company_activity.io.warehouse.driver import Driver
from company_activity.io.warehouse.engines import DIALECTS
from company_activity.io.warehouse.warehouse import open_warehouse
from company_activity.operations.doctor import deep, machine
from company_activity.operations.doctor.finding import Finding, looked
from company_activity.operations.doctor.sources import check_recipients
from company_activity.runtime import java
from company_activity.schemas import COMPANIES
from company_activity.settings.loading import load_settings
from company_activity.settings.model import NotifySettings, RecipientSettings, Secret

from support.cycle.place import Place
from support.landing.azurite import _free_port as free_port
from support.processes.holder import hold_elsewhere
from support.warehouse.postgres import Cluster, postgres
from support.warehouse.recorder import RecordedWarehouse, Recorder

__all__ = ["postgres"]  # a fixture: found by its name
SPARK = version("pyspark")
IS_SPARK_3 = SPARK.startswith("3.")
DELTA_OF_3, DELTA_OF_4 = "io.delta_delta-spark_2.12-3.2.1.jar", "io.delta_delta-spark_4.1_2.13-4.2.0.jar"
DRIVERS = {
    "com.h2database_h2-2.3.232.jar": ("org.h2.Driver", "2.3.232"),
    "org.postgresql_postgresql-42.7.7.jar": ("org.postgresql.Driver", "42.7.7"),
    "mssql-jdbc-13.4.0.jre11.jar": ("com.microsoft.sqlserver.jdbc.SQLServerDriver", "13.4.0"),
}
SETTING = "COMPANY_ACTIVITY__{}".format
Line = tuple[str, str, str]  # the name of what was looked at, what was found, the remedy


class NoJvm:
    """A session that only tells its version."""

    def __init__(self, version: str) -> None:
        self.version = version


@dataclass(frozen=True)
class SetUp:
    """A place where everything is as it must be, and what a fault changes there."""

    place: Place
    jars: Path
    bin: Path
    environ: dict[str, str]
    patch: pytest.MonkeyPatch
    at_the_end: ExitStack

    def doctor(self, capsys: pytest.CaptureFixture[str], *options: str, **more: str) -> tuple[int, list[Line]]:
        """The command's exit code, and each ✗ with its remedy."""
        code, said = self.said(capsys, *options, **more)
        return code, list(faults(said))

    def said(self, capsys: pytest.CaptureFixture[str], *options: str, **more: str) -> tuple[int, str]:
        capsys.readouterr()
        code = self.place.run("doctor", *options, **self.environ | more)
        return code, capsys.readouterr().out

    def write_properties(self) -> None:
        listed = ",".join(map(str, sorted(self.jars.glob("*.jar"))))
        text = f"# a laptop's\nspark.master  local[*]\nspark.jars {listed}\nspark.pyspark.python {sys.executable}\n"
        (self.jars.parent / "spark.conf").write_text(text, encoding="utf-8")

    def exchange(self, name: str, *content: str, **manifest: str) -> None:
        """Another jar in the place of the one of the same artifact."""
        artifact = re.split(r"_\d|-\d", name)[0]
        for jar in self.jars.glob(f"{artifact}*.jar"):
            jar.unlink()
        make_jar(self.jars / name, *content, **manifest)
        self.write_properties()


def faults(said: str) -> Iterator[Line]:
    lines = said.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("✗"):
            yield line[2:14].strip(), line[15:], following.strip() if following.startswith("   ") else ""


def make_jar(file: Path, *classes: str, **manifest: str) -> None:
    with zipfile.ZipFile(file, "w") as content:
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in manifest.items()]
        content.writestr("META-INF/MANIFEST.MF", "\r\n".join(["Manifest-Version: 1.0", *lines, ""]))
        for name in classes:
            content.writestr(f"{name.replace('.', '/')}.class", "")


def make_java(folder: Path, told: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    command = folder / "java"
    command.write_text(f"#!/bin/sh\necho 'openjdk version \"{told}\"' >&2\n", encoding="utf-8")
    command.chmod(0o755)


@pytest.fixture
def set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SetUp]:
    with ExitStack() as at_the_end:
        place = Place(tmp_path, "http://127.0.0.1:1")
        jars, programs = tmp_path / "spark" / "jars", tmp_path / "bin"
        jars.mkdir(parents=True)
        (tmp_path / "landing").mkdir()
        make_java(programs, "17.0.15")
        monkeypatch.setattr(java, "bundled_java", lambda: None)
        monkeypatch.setattr(machine, "LEAST_FREE", 1 << 20)
        for name, (driver, number) in DRIVERS.items():
            make_jar(jars / name, driver, Bundle_Version=number)
        make_jar(jars / (DELTA_OF_3 if IS_SPARK_3 else DELTA_OF_4))
        make_jar(jars / "io.delta_delta-storage-3.2.1.jar")
        environ = {
            "PATH": f"{programs}:/usr/bin:/bin",
            "JAVA_HOME": "",
            SETTING("SPARK__PROPERTIES"): str(jars.parent / "spark.conf"),
        }
        made = SetUp(place, jars, programs, environ, monkeypatch, at_the_end)
        made.write_properties()
        yield made


def test_where_all_is_well_there_is_no_fault_and_nothing_is_changed(
    set_up: SetUp, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(set_up.place.folder.rglob("*"))
    code, said = set_up.said(capsys)
    assert (code, said.count("✗")) == (0, 0), said
    assert sorted(set_up.place.folder.rglob("*")) == before
    looked_at = {line[2:14].strip() for line in said.splitlines() if line.startswith("✓")}
    assert looked_at == {
        *("python", "packages", "java", "settings", "secret", "notify", "landing", "lake", "lease", "disk", "clock"),
        *("spark", "jars", "driver", "sql"),
    }


# -- the broken set-ups: each makes a fault, and gives the settings that lead to it ------------------------------------


def no_java(at: SetUp) -> dict[str, str]:
    return {"PATH": str(at.place.folder / "landing")}


def wrong_java(at: SetUp) -> dict[str, str]:
    make_java(at.bin, "1.8.0_402")
    return {}


def jar_missing(at: SetUp) -> dict[str, str]:
    (at.jars / "io.delta_delta-storage-3.2.1.jar").unlink()
    return {}


def jar_missing_from_the_cache(at: SetUp) -> dict[str, str]:
    (at.jars.parent / "complete").touch()
    return jar_missing(at)


def jar_cut(at: SetUp) -> dict[str, str]:
    jar = at.jars / "io.delta_delta-storage-3.2.1.jar"
    jar.write_bytes(jar.read_bytes()[:-30])
    return {}


def no_properties(at: SetUp) -> dict[str, str]:
    (at.jars.parent / "spark.conf").unlink()
    return {}


def no_driver(at: SetUp) -> dict[str, str]:
    (at.jars / "com.h2database_h2-2.3.232.jar").unlink()
    at.write_properties()
    return {}


def wrong_pair(at: SetUp) -> dict[str, str]:
    at.exchange(DELTA_OF_4 if IS_SPARK_3 else DELTA_OF_3)
    return {}


def wrong_scala(at: SetUp) -> dict[str, str]:
    at.exchange("io.delta_delta-spark_2.13-3.2.1.jar" if IS_SPARK_3 else "io.delta_delta-spark_2.12-4.0.0.jar")
    return {}


def unknown_setting(at: SetUp) -> dict[str, str]:
    return {SETTING("API__KEYY"): "x"}


def secret_absent(at: SetUp) -> dict[str, str]:
    return {SETTING("API__KEY"): "secret://no-such-key"}


def secret_of_a_channel_absent(at: SetUp) -> dict[str, str]:
    return {SETTING("NOTIFY__CHANNELS"): "teams", SETTING("NOTIFY__TEAMS_URL"): "secret://no-such-url"}


def secret_of_sql_absent(at: SetUp) -> dict[str, str]:
    return {SETTING("SQL__PASSWORD"): "secret://no-such-password"}


def channel_unfinished(at: SetUp) -> dict[str, str]:
    return {SETTING("NOTIFY__CHANNELS"): "mail"}


def secret_of_a_recipient_absent(at: SetUp) -> dict[str, str]:
    return {SETTING("NOTIFY__DEFAULT__TEAMS_URL"): "secret://no-such-url"}


def recipient_without_a_key(at: SetUp) -> dict[str, str]:
    return {SETTING("NOTIFY__EVERYONE__WEBHOOK_URL"): "https://hooks.example.com/all"}


def recipient_with_a_short_key(at: SetUp) -> dict[str, str]:
    return recipient_without_a_key(at) | {SETTING("NOTIFY__EVERYONE__WEBHOOK_KEY"): "whsec_c2hvcnQ="}


def recipient_without_a_mail_server(at: SetUp) -> dict[str, str]:
    return {SETTING("NOTIFY__DEFAULT__MAIL_TO"): "team@example.com", SETTING("NOTIFY__MAIL_FROM"): "etl@example.com"}


def landing_is_a_file(at: SetUp) -> dict[str, str]:
    return {SETTING("LANDING__ROOT"): str(at.bin / "java")}


def landing_leads_to_nothing(at: SetUp) -> dict[str, str]:
    link = at.place.folder / "link"
    link.symlink_to(at.place.folder / "nowhere")
    return {SETTING("LANDING__ROOT"): str(link)}


def landing_without_rights(at: SetUp) -> dict[str, str]:
    folder = at.place.folder / "landing" / "raw" / "crm"
    folder.mkdir(parents=True)
    folder.chmod(0)
    at.at_the_end.callback(folder.chmod, 0o755)
    if os.access(folder, os.R_OK):  # to root every folder is open
        real = os.scandir
        at.patch.setattr(os, "scandir", lambda path: refuse(path) if Path(path) == folder else real(path))
    return {}


def refuse(path: object) -> Any:
    raise PermissionError(13, "Permission denied", str(path))


def lake_held(at: SetUp) -> dict[str, str]:
    other = hold_elsewhere(at.place.folder / "lake")
    at.at_the_end.callback(end, other)
    return {}


HELD_BY_A_JVM = """
import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


def lake_held_by_a_jvm(at: SetUp) -> dict[str, str]:
    lake = at.place.folder / "lake"
    lake.mkdir()
    command = [sys.executable, "-c", HELD_BY_A_JVM, str(lake / LOCK_OF_JVM)]
    other = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    at.at_the_end.callback(end, other)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return {}


def end(other: subprocess.Popen[str]) -> None:
    other.kill()
    other.communicate()


def database_down(at: SetUp) -> dict[str, str]:
    return {SETTING("SQL__URL"): f"jdbc:postgresql://127.0.0.1:{free_port()}/company"}


def tls_off(at: SetUp) -> dict[str, str]:
    return {SETTING("SQL__URL"): "jdbc:postgresql://db.example.com/company?sslmode=disable"}


def driver_too_old(at: SetUp) -> dict[str, str]:
    at.exchange("org.postgresql_postgresql-42.1.4.jar", "org.postgresql.Driver", Bundle_Version="42.1.4")
    server = at.at_the_end.enter_context(listening())
    return {SETTING("SQL__URL"): f"jdbc:postgresql://127.0.0.1:{server}/company"}


class listening:  # noqa: N801 (used as a function)
    """A port that takes connections."""

    def __enter__(self) -> int:
        import socket

        self.socket = socket.create_server(("127.0.0.1", 0))
        return int(self.socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def disk_full(at: SetUp) -> dict[str, str]:
    folder = at.place.folder / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder], capture_output=True)
    if mounted.returncode == 0:
        at.at_the_end.callback(subprocess.check_call, ["umount", folder])
        with suppress(OSError), (folder / "filled").open("wb") as file:
            file.write(bytes(1 << 20))
    else:  # only root may mount
        full = SimpleNamespace(f_flag=0, f_files=9, f_favail=9, f_blocks=128, f_bavail=0, f_frsize=4096)
        real = os.statvfs
        at.patch.setattr(os, "statvfs", lambda path: full if Path(path) == folder else real(path))
    return {SETTING("LAKE__ROOT"): str(folder / "lake")}


def clock_behind(at: SetUp) -> dict[str, str]:
    runs = at.place.folder / "lake" / "ops" / "runs"
    runs.mkdir(parents=True)
    (runs / "29991231T000000Z-abc123.json").touch()
    return {}


@dataclass(frozen=True)
class Fault:
    """A broken set-up: what makes it, the exit code, the check that names it, and words of the fault and of its remedy."""

    make: Callable[[SetUp], dict[str, str]]
    exit_code: int
    name: str
    what: str
    remedy: str

    @property
    def is_of_two_processes(self) -> bool:
        return self.make in (lake_held, lake_held_by_a_jvm)


AGAIN = f"run: {sys.executable} -m company_activity.runtime.local"
FAULTS = [
    Fault(no_java, 2, "java", "JAVA_HOME is not set, `java` on the path is not there", "JAVA_HOME"),
    Fault(wrong_java, 2, "java", "`java` on the path is Java 8", "JAVA_HOME"),
    Fault(jar_missing, 2, "jars", "missing: {jars}/io.delta_delta-storage-3.2.1.jar", "put it back"),
    Fault(jar_missing_from_the_cache, 2, "jars", "missing: ", f"remove the folder {{spark}}, then {AGAIN}"),
    Fault(jar_cut, 2, "jars", "cut or no jar: {jars}/io.delta_delta-storage-3.2.1.jar", "put it back"),
    Fault(no_properties, 2, "jars", "no Spark properties at {spark}/spark.conf", AGAIN),
    Fault(no_driver, 2, "driver", "no jar with org.h2.Driver", AGAIN),
    Fault(wrong_pair, 2, "spark", f"Spark {SPARK} needs Delta", AGAIN),
    Fault(wrong_scala, 2, "spark", "it was built for Scala", AGAIN),
    Fault(unknown_setting, 2, "settings", "unknown setting api.keyy in the environment", "known here: url, key"),
    Fault(secret_absent, 2, "secret", "api.key: no secret 'no-such-key'; tried the env", "set NO_SUCH_KEY"),
    Fault(secret_of_a_channel_absent, 2, "secret", "notify.teams_url: no secret 'no-such-url'", "set NO_SUCH_URL"),
    Fault(secret_of_sql_absent, 2, "secret", "sql.password: no secret", "set NO_SUCH_PASSWORD"),
    Fault(channel_unfinished, 2, "notify", "mail: notify.smtp_host has no value", "set notify.smtp_host"),
    Fault(secret_of_a_recipient_absent, 2, "secret", "notify.default.teams_url: no secret", "set NO_SUCH_URL"),
    Fault(recipient_without_a_key, 2, "recipients", "notify.everyone.webhook_key has no value", "32 random bytes"),
    Fault(
        recipient_with_a_short_key, 2, "recipients", "notify.everyone.webhook_key is no whsec_ key", "32 random bytes"
    ),
    Fault(recipient_without_a_mail_server, 2, "recipients", "notify.smtp_host has no value", "set notify.smtp_host"),
    Fault(landing_is_a_file, 3, "landing", "under landing.root: Not a directory", "check its space, rights and mount"),
    Fault(landing_leads_to_nothing, 1, "disk", "{place}/link (landing.root): a link to nothing", "make what it leads"),
    Fault(landing_without_rights, 3, "landing", "raw/crm/ under landing.root: Permission denied", "check its space, r"),
    Fault(lake_held, 1, "lease", "another run (process ", "wait for it to end"),
    Fault(lake_held_by_a_jvm, 1, "lease", "another run (the JVM of a run that is gone)", "wait for it to end"),
    Fault(database_down, 5, "sql", "(Connection refused)", "start it, or correct sql.url"),
    Fault(tls_off, 2, "sql", "sql.url weakens TLS by sslmode", "set sslmode=verify-full"),
    Fault(driver_too_old, 5, "driver", "too old, 42.2.9 or newer is needed: 42.1.4", "put postgresql 42.2.9 or newer"),
    Fault(disk_full, 1, "disk", "{place}/small (lake.root): the disk is nearly full: 0 MiB free", "free 1 MiB there"),
    Fault(clock_behind, 1, "clock", "a run began on 2999-12-31 00:00", "set this machine's clock"),
]
OF_TWO_PROCESSES: dict[bool, list[pytest.MarkDecorator]] = {True: [pytest.mark.integration], False: []}


@pytest.mark.parametrize(
    "fault",
    [pytest.param(one, id=one.make.__name__, marks=OF_TWO_PROCESSES[one.is_of_two_processes]) for one in FAULTS],
)
def test_a_broken_set_up_is_named_with_its_remedy(
    fault: Fault, set_up: SetUp, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = set_up.doctor(capsys, **fault.make(set_up))
    words = {"place": str(set_up.place.folder), "jars": str(set_up.jars), "spark": str(set_up.jars.parent)}
    named = [one for one in found if one[0] == fault.name and fault.what.format(**words) in one[1]]
    assert len(named) == 1, found
    assert fault.remedy.format(**words) in named[0][2]
    assert [one for one in found if not one[2]] == []  # whatever else it breaks has a remedy too
    assert code == fault.exit_code


@pytest.mark.spark
@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_a_database_that_keeps_transactions_apart_otherwise_is_named_with_its_remedy(
    isolation: str, postgres: Cluster, set_up: SetUp, capsys: pytest.CaptureFixture[str], request: Any
) -> None:
    spark = request.getfixturevalue("spark")
    url = postgres.new_database()
    name = url.rpartition("/")[2]
    login = {SETTING("SQL__URL"): url, SETTING("SQL__USER"): "postgres"}
    assert set_up.doctor(capsys, "--deep", **login) == (0, [])
    postgres.sql(f"ALTER DATABASE {name} SET default_transaction_isolation TO '{isolation}'", "postgres")
    code, [(check, what, remedy)] = set_up.doctor(capsys, "--deep", **login)
    assert (code, check) == (5, "isolation")
    assert f"transactions are {isolation} by default" in what
    settings = load_settings(environ=set_up.place.environ | login)
    with open_warehouse(spark, settings).connection() as connection:
        DIALECTS["postgres"].begin(connection)
        assert connection.query("SHOW transaction_isolation") == [("read committed",)]  # whatever the default
    statement, _, _ = remedy.partition(";")
    postgres.sql(statement, "postgres")
    assert set_up.doctor(capsys, "--deep", **login) == (0, [])


@pytest.fixture
def asked(set_up: SetUp, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What a warehouse answers, without one."""

    def answering(engine: str, answers: dict[str, Any], driver: Driver) -> None:
        recorder = replace(Recorder(answers), driver=driver)
        warehouse = RecordedWarehouse(DIALECTS[engine], recorder)
        monkeypatch.setattr(deep, "session_of", lambda run: NoJvm("3.5.5"))
        monkeypatch.setattr(deep, "has_jvm", lambda spark: True)
        monkeypatch.setattr(deep, "delta_version", lambda run: "3.2.1")
        monkeypatch.setattr(deep, "open_warehouse", lambda spark, settings: warehouse)
        monkeypatch.setattr(deep, "refusals_of", lambda url: [])

    return answering


def test_what_works_and_could_be_better_is_advice_and_no_fault(
    asked: Callable[..., None], set_up: SetUp, capsys: pytest.CaptureFixture[str]
) -> None:
    asked("azuresql", {"is_read_committed_snapshot_on": [("d", "0")]}, Driver("mssql-jdbc", "12.10.1.0"))
    with listening() as port:
        code, said = set_up.said(capsys, "--deep", **{SETTING("SQL__URL"): f"jdbc:sqlserver://127.0.0.1:{port}"})
    assert (code, said.count("✗")) == (0, 0), said
    assert "! isolation    READ_COMMITTED_SNAPSHOT is off" in said
    assert "set it from master: ALTER DATABASE [d] SET READ_COMMITTED_SNAPSHOT ON" in said
    assert "! driver       mssql-jdbc 12.10.1.0 answers" in said


def test_a_driver_that_answers_and_is_too_old_is_a_fault(
    asked: Callable[..., None], set_up: SetUp, capsys: pytest.CaptureFixture[str]
) -> None:
    asked("azuresql", {}, Driver("mssql-jdbc", "8.4.1"))
    with listening() as port:
        url = f"jdbc:sqlserver://127.0.0.1:{port}"
        code, [(check, what, remedy)] = set_up.doctor(capsys, "--deep", **{SETTING("SQL__URL"): url})
    assert (code, check) == (5, "driver")
    assert "too old, 9.2 or newer is needed: mssql-jdbc 8.4.1 answers" in what
    assert remedy


def test_secrets_are_resolved_and_not_shown(set_up: SetUp, capsys: pytest.CaptureFixture[str]) -> None:
    secret = {
        "TEAMS_URL": "https://hooks.example.com/s3cret",
        "SMTP": "s3cret",
        SETTING("NOTIFY__CHANNELS"): "teams",
        SETTING("NOTIFY__TEAMS_URL"): "secret://teams-url",
        SETTING("NOTIFY__SMTP_PASSWORD"): "secret://of-a-channel-that-is-not-used",
        SETTING("SQL__PASSWORD"): "s3cret",
        SETTING("NOTIFY__EVERYONE__WEBHOOK_URL"): "https://hooks.example.com/s3cret",
        SETTING("NOTIFY__EVERYONE__WEBHOOK_KEY"): "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    }
    code, said = set_up.said(capsys, **secret)
    assert (code, "s3cret" in said) == (0, False), said
    assert "found, and not shown: api.key, sql.password, notify.teams_url" in said
    assert "notify.everyone.webhook_url, notify.everyone.webhook_key" in said
    assert "recipients of digests: 1" in said
    assert "whsec_" not in said


def test_without_settings_the_machine_is_looked_at_all_the_same(
    set_up: SetUp, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = set_up.said(capsys, "--settings", str(set_up.place.folder / "none.yaml"))
    assert code == 2
    assert [line[0] for line in said.splitlines() if not line.startswith(" ")] == ["✓", "✓", "✓", "✗", "·"], said


LOOK = """
import sys
from company_activity.cli.main import main
main(["doctor"])
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@pytest.mark.integration
def test_it_imports_no_pyspark_unless_it_looks_deep(set_up: SetUp) -> None:
    environ = os.environ | set_up.place.environ | set_up.environ
    done = subprocess.run([sys.executable, "-c", LOOK], env=environ, capture_output=True, text=True, check=True)
    assert set(done.stderr.splitlines()[-1].split()) & {"pyspark", "py4j", "azure", "pandas", "pyarrow"} == set()
    assert "· deep" in done.stdout


def test_where_spark_is_there_already_it_is_looked_at_unasked(
    set_up: SetUp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deep, "session_of", lambda run: NoJvm("3.5.5"))
    monkeypatch.setattr(deep, "delta_version", lambda run: "")
    monkeypatch.setenv("SPARK_REMOTE", "sc://127.0.0.1:1")
    code, [(check, _, remedy)] = set_up.doctor(capsys)
    assert (code, check) == (5, "jvm")
    assert "company-activity publish --date D" in remedy


@pytest.mark.parametrize(
    ("number", "delta", "what"),
    [("3.4.1", "2.4.0", "use a runtime of Spark 3.5"), ("4.1.1", "3.2.1", "needs Delta 4.x")],
)
def test_a_session_whose_pair_was_not_built_for_each_other_is_told(
    number: str,
    delta: str,
    what: str,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(deep, "session_of", lambda run: NoJvm(number))
    monkeypatch.setattr(deep, "delta_version", lambda run: delta)
    code, said = set_up.said(capsys, "--deep")
    assert code == 2
    assert "✗ pair" in said
    assert what in said


# As Fabric Runtime 1.3's image has them; of the packages that the wheel requires all others are new enough there.
FABRIC_1_3 = {"jsonschema": "4.19.2", "pandas": "2.1.4", "pyarrow": "14.0.2"}


def test_the_packages_of_fabric_1_3_are_told_by_name_and_the_runtime_to_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, number in FABRIC_1_3.items():
        folder = tmp_path / f"{name}-{number}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n")
    assert machine.check_packages(None).is_fine
    monkeypatch.syspath_prepend(tmp_path)
    found = machine.check_packages(None)
    assert (found.exit_code, found.what.count(";")) == (2, len(FABRIC_1_3) - 1)
    for name, number in FABRIC_1_3.items():
        assert f"{name} is {number}" in found.what
    assert "1.3 is not supported" in found.remedy


def test_a_check_that_fails_does_not_keep_the_others_from_looking(
    set_up: SetUp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(run: object) -> None:
        raise RuntimeMissing("pyspark is not installed", remedy="pip install 'company-activity[local]'")

    log = set_up.place.folder / "lake" / COMPANIES.path / "_delta_log"
    log.mkdir(parents=True)
    log.joinpath(f"{0:020}.json").write_text(
        '{"metaData":{"id":"t","configuration":{"delta.columnMapping.mode":"id"}}}'
    )
    monkeypatch.setattr(deep, "session_of", missing)
    code, found = set_up.doctor(capsys, "--deep")
    assert code == 1  # of the lake, which is looked at first
    assert [name for name, _, _ in found] == ["lake", "session"]
    assert "dim.companies has the Delta feature columnMapping" in found[0][1]
    assert "pip install 'company-activity[local]'" in found[1][2]


def test_a_file_that_executors_elsewhere_cannot_open_is_told_as_publish_does(
    set_up: SetUp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deep, "session_of", lambda run: NoJvm("3.5.5"))
    monkeypatch.setattr(deep, "has_jvm", lambda spark: True)
    monkeypatch.setattr(deep, "delta_version", lambda run: "3.2.1")
    monkeypatch.setattr(publishing, "has_executors_elsewhere", lambda spark: True)
    code, [(check, what, _)] = set_up.doctor(capsys, "--deep")
    assert (code, check) == (2, "warehouse")
    assert "can be opened by one process alone" in what


def check_fails(_: None) -> Finding:
    raise ValueError("https://acme.example/x?sig=s3cret is gone\nsecond line")


def test_an_unforeseen_error_is_a_line_with_a_remedy_and_shows_no_secret() -> None:
    [found] = looked((check_fails,), None)
    assert (found.name, found.what, found.exit_code) == ("fails", "ValueError: https://acme.example/x is gone", 1)
    assert found.remedy


def test_help_teaches_by_example(set_up: SetUp, capsys: pytest.CaptureFixture[str]) -> None:
    assert "  company-activity doctor --deep --env synapse" in set_up.said(capsys, "--help")[1]


def test_an_owner_without_a_channel_is_named_since_nobody_is_told_of_those_companies() -> None:
    somewhere = RecipientSettings(teams_url=Secret("https://hooks.example.com/team"))
    notify = NotifySettings(owners={"Bo Ek": RecipientSettings()}, default=somewhere)
    run: Any = SimpleNamespace(settings=SimpleNamespace(notify=notify))
    fault, found = check_recipients(run)
    assert (fault.what, fault.exit_code) == ("notify.owners.Bo Ek has no channel", 2)
    assert "default hears" in fault.remedy
    assert found.what == "recipients of digests: 1; nothing is sent"
