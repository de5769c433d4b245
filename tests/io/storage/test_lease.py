"""A lease keeps a second run waiting, by whatever words the store refuses it; a lost one is noticed and told."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from company_activity.errors import CompanyActivityError, LakeBusy, SourceError
from company_activity.io.lake import lock
from company_activity.io.storage import blob_lease
from company_activity.io.storage.blob import BlobStorage
from company_activity.io.storage.folder import Folder
from company_activity.settings.model import LandingSettings, Secret, SecretSettings

from support.landing.azure_like import (
    AZURE,
    EMULATOR,
    NO_CONTAINER,
    NO_LEASES,
    OTHER_STATUS,
    SECOND,
    Answers,
    AzureLike,
    azure_like,
)
from support.processes import leased_run
from support.processes.holder import lease_elsewhere

ROOT = "abfss://lake@mine.dfs.core.windows.net/a"


@pytest.fixture
def answers() -> Answers:
    return AZURE


@pytest.fixture
def azure(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureLike]:
    """A store in which the lake at ROOT lies; whoever waits looks often."""
    monkeypatch.setattr(blob_lease, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(lock, "LEASE_POLL_SECONDS", 0.02)
    with azure_like(answers) as server:
        monkeypatch.setattr(lock, "open_folder", lambda root: Folder(store(server.connection), "lake/a/"))
        yield server


def store(connection: str) -> BlobStorage:
    return BlobStorage.of(LandingSettings("", connection=Secret(connection)), SecretSettings(), {})


def a_lease(server: AzureLike, holder: str = "process 7 on there") -> blob_lease.Lease:
    """Another run's, acquired and not renewed."""
    lease = store(server.connection).lease("lake/a/.lock", holder)
    assert lease.acquire()
    return lease


@pytest.mark.parametrize("answers", [AZURE, EMULATOR, OTHER_STATUS])
def test_the_second_run_waits_until_the_first_has_ended(azure: AzureLike) -> None:
    told: list[str] = []
    ended = threading.Event()

    def first() -> None:
        with lock.lake_lock(ROOT, 0, told.append):
            began.set()
            ended.wait()

    def waits(line: str) -> None:
        told.append(line)
        ended.set()

    began = threading.Event()
    thread = threading.Thread(target=first, daemon=True)
    thread.start()
    assert began.wait(10)
    with lock.lake_lock(ROOT, 30, waits) as hold:
        assert ended.is_set()
        assert hold.news() == []
    thread.join()
    assert azure.answers.put_on_leased in azure.given  # it was answered so
    assert (409, "LeaseAlreadyPresent") in azure.given
    assert told == [f"waiting for the run of {lock._this_process()} on {ROOT} to end"]


def test_who_holds_a_lake_is_told_without_taking_it(azure: AzureLike) -> None:
    files = Folder(store(azure.connection), "lake/a/")
    assert lock.holder_of(ROOT, files) == ""  # and no lock is made by the look
    assert azure.blobs == {}
    lease = a_lease(azure)
    assert lock.holder_of(ROOT, files) == "process 7 on there"
    with lease.kept():
        assert lock.holder_of(ROOT, files) == "process 7 on there"
    assert lock.holder_of(ROOT, files) == ""


@pytest.mark.parametrize("answers", [AZURE, EMULATOR, OTHER_STATUS])
def test_one_that_waits_in_vain_says_for_whom(azure: AzureLike) -> None:
    a_lease(azure)
    with pytest.raises(LakeBusy, match=r"another run \(process 7 on there\) holds the lake abfss://lake@mine"):
        lock.lake_lock(ROOT, 0.1, lambda line: None).__enter__()


@pytest.mark.parametrize("answers", [AZURE, EMULATOR, OTHER_STATUS])
def test_a_date_of_the_landing_that_is_held_is_waited_for(azure: AzureLike) -> None:
    blobs = store(azure.connection)
    with (
        blobs.lock("raw/_locks/a", 0),
        pytest.raises(SourceError, match="another run holds raw/_locks/a"),
        store(azure.connection).lock("raw/_locks/a", 0.1),
    ):
        pass
    assert not blobs.create("raw/_locks/a", ())


def test_the_lease_of_a_killed_run_ends(azure: AzureLike, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob_lease, "LEASE_SECONDS", 1)
    began = time.monotonic()
    a_lease(azure)
    with lock.lake_lock(ROOT, 30, lambda line: None):
        assert time.monotonic() - began >= SECOND


def test_a_run_that_slept_past_its_lease_says_so_once_and_holds_it_again_when_it_is_free(
    azure: AzureLike, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob_lease, "LEASE_SECONDS", 1)
    monkeypatch.setattr(blob_lease, "RENEW_SECONDS", 3600)  # it sleeps
    with lock.lake_lock(ROOT, 0, lambda line: None) as hold:
        assert hold.lease is not None
        time.sleep(2 * SECOND)
        monkeypatch.setattr(blob_lease, "LEASE_SECONDS", 60)
        other = a_lease(azure)
        hold.lease.renew()  # it wakes
        assert (409, "LeaseIdMismatchWithLeaseOperation") in azure.given
        assert ["lost its lock" in line for line in hold.news()] == [True]
        assert hold.news() == []
        assert not store(azure.connection).lease("lake/a/.lock", "").acquire()  # the other run still holds it
        other._lease.release()
        hold.lease.renew()
        assert not a_lease_is_free(azure)


def a_lease_is_free(server: AzureLike) -> bool:
    return store(server.connection).lease("lake/a/.lock", "").acquire()


def test_a_run_that_waits_for_a_lease_it_had_lost_says_so(azure: AzureLike, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever held it meanwhile may have come and gone before anybody asked."""
    monkeypatch.setattr(blob_lease, "LEASE_SECONDS", 1)
    monkeypatch.setattr(blob_lease, "RENEW_SECONDS", 3600)
    with lock.lake_lock(ROOT, 0, lambda line: None) as hold:
        hold.regain()
        assert hold.news() == []
        time.sleep(1.1)
        hold.regain()
        assert len(hold.news()) == 1


def test_a_lease_that_no_other_took_is_renewed_and_not_lost(azure: AzureLike, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob_lease, "LEASE_SECONDS", 1)
    with lock.lake_lock(ROOT, 0, lambda line: None) as hold:
        assert hold.lease is not None
        time.sleep(2 * SECOND)
        hold.lease.renew()
        assert hold.news() == []


@pytest.mark.parametrize("answers", [NO_LEASES])
def test_a_store_without_leases_is_told_of_and_used(azure: AzureLike) -> None:
    told: list[str] = []
    with lock.lake_lock(ROOT, 0, told.append) as hold:
        assert hold.news() == []
    assert told == [f"{ROOT} cannot be locked: of two runs at once, one takes its steps again"]


@pytest.mark.parametrize("answers", [NO_LEASES])
def test_a_date_of_a_landing_without_leases_is_fetched_all_the_same(azure: AzureLike) -> None:
    blobs = store(azure.connection)
    with blobs.lock("raw/_locks/a", 0), blobs.lock("raw/_locks/a", 0):
        assert blobs.create("raw/a", [b"1"])


@pytest.mark.parametrize("answers", [NO_CONTAINER])
def test_a_container_that_is_not_there_and_cannot_be_made_is_named(azure: AzureLike) -> None:
    with pytest.raises(SourceError, match="the container raw is not there") as refused:
        store(azure.connection).create("raw/a", [b"1"])
    assert "make it" in refused.value.remedy
    with pytest.raises(CompanyActivityError, match="the container lake is not there"):
        lock.lake_lock(ROOT, 0, lambda line: None).__enter__()


@pytest.mark.parametrize("answers", [Answers(put=(409, "ContainerBeingDeleted"))])
def test_a_file_that_is_refused_as_if_it_were_there_is_looked_for(azure: AzureLike) -> None:
    with pytest.raises(SourceError, match=r"blob storage refuses raw/a: ContainerBeingDeleted \(409\)"):
        store(azure.connection).create("raw/a", [b"1"])


def test_the_lock_needs_no_fcntl_to_be_imported() -> None:
    text = Path(lock.__file__).read_text("utf-8")
    assert "\nimport fcntl" not in text


@pytest.mark.long
@pytest.mark.integration
def test_in_the_emulator_a_killed_runs_lake_is_free_when_its_lease_ends(
    azurite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """15 seconds here, the shortest that Azure grants; 60 otherwise."""
    told: list[str] = []
    other = lease_elsewhere(ROOT, azurite)
    other.kill()
    other.wait()
    killed_at = time.monotonic()
    monkeypatch.setattr(Folder, "lease", leased_run.leased_at(azurite))
    with lock.lake_lock(ROOT, 60, told.append, Folder(store(azurite), "")):
        waited = time.monotonic() - killed_at
    assert 5 < waited < leased_run.LEASE_SECONDS + 5
    assert told == [f"waiting for the run of process {other.pid} on {socket.gethostname()} on {ROOT} to end"]
