"""A directory and blob containers keep the same promises."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from company_activity.errors import SettingsError, SourceError
from company_activity.io.storage import blob
from company_activity.io.storage import local as on_disk
from company_activity.io.storage.blob import BlobStorage
from company_activity.io.storage.folder import open_folder, root_folder
from company_activity.io.storage.opening import LocalStorage, Storage, open_storage
from company_activity.settings.model import LandingSettings, Secret, SecretSettings


def paths(storage: Storage, prefix: str) -> list[str]:
    return [entry.path for entry in storage.list(prefix)]


def test_what_was_created_is_read(storage: Storage, container: str) -> None:
    assert storage.create(f"{container}/a/b.txt", (b"one ", b"two"))
    assert storage.read(f"{container}/a/b.txt") == b"one two"
    with storage.open(f"{container}/a/b.txt") as stream:
        assert [stream.read(5), stream.read(5), stream.read(5)] == [b"one t", b"wo", b""]


def test_a_file_is_created_once_and_never_overwritten(storage: Storage, container: str) -> None:
    assert storage.create(f"{container}/a", (b"first",))
    assert not storage.create(f"{container}/a", (b"second",))
    assert storage.read(f"{container}/a") == b"first"


def test_an_empty_file_is_a_file(storage: Storage, container: str) -> None:
    assert storage.create(f"{container}/a", ())
    assert not storage.create(f"{container}/a", ())
    assert storage.read(f"{container}/a") == b""


def test_a_file_of_many_blocks_is_whole(storage: Storage, container: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob, "BLOCK_BYTES", 1000)
    chunks = [bytes([n]) * 300 for n in range(50)]
    assert storage.create(f"{container}/big", iter(chunks))
    assert not storage.create(f"{container}/big", iter(chunks[1:]))
    with storage.open(f"{container}/big") as stream:
        assert stream.read() == b"".join(chunks)


def test_of_many_who_create_a_file_one_succeeds(storage: Storage, container: str) -> None:
    storage.create(f"{container}/other", ())
    gate, won = threading.Barrier(8), []

    def create(name: bytes) -> None:
        gate.wait()
        if storage.create(f"{container}/date=1/a", (name,)):
            won.append(name)

    threads = [threading.Thread(target=create, args=(b"%d" % n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [storage.read(f"{container}/date=1/a")] == won


def test_a_file_whose_chunks_fail_is_not_there(storage: Storage, container: str) -> None:
    def failing() -> Iterator[bytes]:
        yield b"x" * 10_000_000
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        storage.create(f"{container}/a", failing())
    assert paths(storage, f"{container}/") == []


def test_a_listing_has_what_begins_so_by_path(storage: Storage, container: str) -> None:
    for name in ("b/1", "a/2", "a/10", "a-b", "a/20"):
        storage.create(f"{container}/{name}", (name.encode(),))
    assert paths(storage, f"{container}/a") == [f"{container}/{name}" for name in ("a-b", "a/10", "a/2", "a/20")]
    assert paths(storage, f"{container}/a/2") == [f"{container}/a/2", f"{container}/a/20"]
    assert paths(storage, f"{container}/c") == []


def test_a_listing_tells_size_and_time(storage: Storage, container: str) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    storage.create(f"{container}/a", (b"12345",))
    [entry] = storage.list(f"{container}/")
    assert entry.size == 5
    assert before <= entry.modified_at <= datetime.now(UTC)


def test_a_container_that_is_not_there_is_empty(storage: Storage, container: str) -> None:
    assert paths(storage, f"{container}/") == []
    storage.delete(f"{container}/a")
    with pytest.raises(FileNotFoundError):
        storage.read(f"{container}/a")
    with pytest.raises(FileNotFoundError):
        storage.open(f"{container}/a")


def test_what_was_deleted_is_gone_and_may_be_created_again(storage: Storage, container: str) -> None:
    storage.create(f"{container}/a/b", (b"1",))
    storage.delete(f"{container}/a/b")
    storage.delete(f"{container}/a/b")
    assert paths(storage, f"{container}/") == []
    assert storage.create(f"{container}/a/b", (b"2",))


def test_a_lock_has_one_holder(storage: Storage, container: str) -> None:
    with storage.lock(f"{container}/_locks/a", 0):
        with storage.lock(f"{container}/_locks/b", 0):
            pass
        with pytest.raises(SourceError, match="another run holds .*_locks/a"), storage.lock(f"{container}/_locks/a", 0):
            pass
    with storage.lock(f"{container}/_locks/a", 0):
        pass


def test_a_lock_that_gets_free_is_waited_for(storage: Storage, container: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from company_activity.io.storage import blob_lease

    monkeypatch.setattr(blob_lease, "POLL_SECONDS", 0.05)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with storage.lock(f"{container}/_locks/a", 0):
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    threading.Timer(0.3, done.set).start()
    with storage.lock(f"{container}/_locks/a", 60):
        assert done.is_set()
    thread.join()


def test_a_lease_is_renewed_while_its_run_lives(
    blobs: BlobStorage, container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from company_activity.io.storage import blob_lease

    renewed = threading.Event()
    monkeypatch.setattr(blob_lease, "RENEW_SECONDS", 0.05)
    keep = blob_lease.sdk.BlobLeaseClient.renew

    def renew(lease: Any) -> None:
        keep(lease)
        renewed.set()

    monkeypatch.setattr(blob_lease.sdk.BlobLeaseClient, "renew", renew)
    with blobs.lock(f"{container}/_locks/a", 0):
        assert renewed.wait(30)


def test_a_blob_created_by_a_try_whose_answer_got_lost_is_ours(
    blobs: BlobStorage, container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client sends the request again, and the store says that the blob exists."""
    upload = blob.sdk.BlobClient.upload_blob

    def twice(self: Any, *args: Any, **kwargs: Any) -> Any:
        upload(self, *args, **kwargs)
        return upload(self, *args, **kwargs)

    blobs.create(f"{container}/other", ())
    monkeypatch.setattr(blob.sdk.BlobClient, "upload_blob", twice)
    assert blobs.create(f"{container}/a", (b"1",))


def test_a_path_does_not_leave_the_landing(local: LocalStorage) -> None:
    for path in ("../a", "a/../../b", "/etc/passwd"):
        with pytest.raises(ValueError, match="not a path inside"):
            local.read(path)


def test_a_file_and_its_folders_are_synced_before_it_is_said_to_be_there(
    local: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.readlink(f"/proc/self/fd/{handle}")))
    local.create("c/d/e.txt", (b"1",))
    temporary, *_ = [path for path in synced if path.endswith(".tmp")]
    root = tmp_path / "landing"
    assert synced[-2:] == [temporary, str(root / "c/d")]
    assert {str(tmp_path), str(root), str(root / "c")} <= set(synced[:-2])


def test_a_full_disk_is_told_in_a_sentence(local: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: Any) -> None:
        raise OSError(28, "No space left on device")

    local.create("c/a", (b"1",))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SourceError, match="c/b under landing.root: No space left on device — check its space"):
        local.create("c/b", (b"1",))
    assert paths(local, "c/") == ["c/a"]


def test_a_folder_that_cannot_be_read_is_not_taken_for_empty(
    local: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its dates would seem never to have landed."""

    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied")

    local.create("c/a", (b"1",))
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(SourceError, match="c/ under landing.root: Permission denied"):
        paths(local, "c/")


def test_a_folder_that_another_run_removes_is_made_again(
    local: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = on_disk._make_folder
    removed: list[Path] = []

    def make_and_lose(folder: Path) -> None:
        make(folder)
        if not removed:
            folder.rmdir()
            removed.append(folder)

    monkeypatch.setattr(on_disk, "_make_folder", make_and_lose)
    assert local.create("c/d/a", (b"1",))
    assert len(removed) == 1


def test_a_torn_temporary_file_is_listed_so_that_it_can_be_swept(
    local: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "unlink", lambda self, missing_ok: None)
    local.create("c/a", (b"1",))
    assert [path.endswith(".tmp") for path in paths(local, "c/")] == [True, False]


def test_what_spark_reads_by(local: LocalStorage, tmp_path: Path, azurite: str) -> None:
    assert local.uri("c/a b") == f"file:{tmp_path}/landing/c/a b"
    emulator = open_storage(LandingSettings("", connection=Secret(azurite)))
    assert emulator.uri("c/date=1/a") == "wasb://c@devstoreaccount1/date=1/a"
    account = open_storage(LandingSettings("https://mine.blob.core.windows.net"))
    assert account.uri("c/date=1/a") == "abfss://c@mine.dfs.core.windows.net/date=1/a"
    by_abfs = LandingSettings("abfs://devstoreaccount1.dfs.core.windows.net", connection=Secret(azurite))
    assert open_storage(by_abfs).uri("c/date=1/a") == "abfs://c@devstoreaccount1.dfs.core.windows.net/date=1/a"


@pytest.mark.parametrize("root", ["landing", "file:///data/landing"])
def test_a_directory_is_opened_as_one(root: str) -> None:
    assert isinstance(open_storage(LandingSettings(root)), LocalStorage)


def test_a_root_of_another_kind_is_a_setting_to_mend() -> None:
    with pytest.raises(SettingsError, match=r"landing\.root 'abfss://x' is no address of a storage account"):
        open_storage(LandingSettings("abfss://x"))


def test_a_root_in_the_connection_s_account_is_opened_with_the_connection(azurite: str, container: str) -> None:
    landing = LandingSettings("", connection=Secret(azurite))
    root = f"wasb://{container}@devstoreaccount1/company/lake"
    folder = root_folder(root, landing, SecretSettings()).inside("ops")
    assert folder.create("a.json", "ö")
    assert not folder.create("a.json", "again")
    assert (folder.names(), folder.read("a.json")) == (["a.json"], "ö")
    assert folder.uri("a.json") == folder.address("a.json") == f"{root}/ops/a.json"
    assert [entry.path for entry in open_storage(landing).list(f"{container}/")] == [
        f"{container}/company/lake/ops/a.json"
    ]
    folder.delete("a.json")
    assert folder.names() == []


def test_a_landing_may_be_a_place_in_an_account(azurite: str, container: str) -> None:
    root = f"wasb://{container}@devstoreaccount1/company/landing"
    storage = open_storage(LandingSettings(root, connection=Secret(azurite)))
    assert storage.create("raw/crm/a.csv", (b"1",))
    assert [(entry.path, entry.size) for entry in storage.list("raw/")] == [("raw/crm/a.csv", 1)]
    assert storage.uri("raw/crm/a.csv") == f"{root}/raw/crm/a.csv"
    with pytest.raises(
        SettingsError, match=r"landing\.root names the account acme, landing\.connection devstoreaccount1"
    ):
        open_storage(LandingSettings("abfss://c@acme.dfs.core.windows.net/x", connection=Secret(azurite)))


def test_where_the_emulator_is_only_a_connection_can_tell() -> None:
    with pytest.raises(SettingsError, match="where the account devstoreaccount1 of .* is, its name does not tell"):
        open_folder("wasb://lake@devstoreaccount1/x")


@pytest.mark.parametrize("refused", ["link", "flock"])
def test_a_mount_without_links_or_locks_is_told_with_its_remedy(
    refused: str, local: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the mounts of object stores are."""

    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(f"os.{refused}" if refused == "link" else "fcntl.flock", unsupported)
    use = partial(local.create, "c/a", (b"1",)) if refused == "link" else local.lock("c/a", 0).__enter__
    with pytest.raises(SourceError, match="c/a under landing.root: Operation not supported") as told:
        use()
    assert "give its abfss:// address" in told.value.remedy


def test_a_connection_string_is_found_by_reference_and_not_shown(azurite: str) -> None:
    landing = LandingSettings("", connection=Secret("secret://blob"))
    assert open_storage(landing, environ={"BLOB": azurite}).uri("c/a").startswith("wasb://")
    with pytest.raises(SettingsError) as told:
        open_storage(landing, environ={"BLOB": "AccountKey=hunter2"})
    assert "hunter2" not in str(told.value)


def test_a_refusal_of_the_account_names_no_url_or_signature(azurite: str, container: str) -> None:
    wrong = azurite.replace("AccountKey=E", "AccountKey=F")
    with pytest.raises(SourceError, match=r"blob storage refuses .*: AuthorizationFailure \(403\)"):
        open_storage(LandingSettings("", connection=Secret(wrong))).create(f"{container}/a", (b"1",))


def test_a_file_that_the_disk_does_not_tell_of_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    storage = LocalStorage(tmp_path)
    storage.create("raw/a", [b"1"])
    monkeypatch.setattr(LocalStorage, "_entry", refuse)
    with pytest.raises(SourceError, match="raw/ under landing.root: Input/output error"):
        paths(storage, "raw/")


def test_a_link_out_of_the_root_is_refused_and_one_within_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"secret")
    within = tmp_path / "root" / "a"
    within.mkdir(parents=True)
    (within / "file").write_bytes(b"ours")
    (within / "link").symlink_to("file")
    here = on_disk.LocalStorage(tmp_path / "root")
    assert [(entry.path, entry.size) for entry in here.list("a/")] == [("a/file", 4), ("a/link", 4)]
    assert here.read("a/link") == b"ours"
    (within / "out").symlink_to("../../outside")
    for look in (lambda: list(here.list("a/")), lambda: here.read("a/out"), lambda: here.open("a/out")):
        with pytest.raises(SourceError, match="a/out under landing.root is a link that leads out of it"):
            look()
