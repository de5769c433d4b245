"""A jar is, to the byte, the one that was listed; it is compared when it comes, and once for each list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from company_activity.errors import RuntimeMissing
from company_activity.runtime import jar_digests, local
from company_activity.runtime.jar_digests import check_jars, known_digests, text_of


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A list of a jar of one byte, in a cache of this test alone."""
    file = tmp_path / "jars.sha256"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(local, "_resolve", fetched(b"a"))
    monkeypatch.setattr(jar_digests, "digests_file", lambda: file)
    monkeypatch.setattr(local, "digests_file", lambda: file)
    monkeypatch.setattr(local, "pinned", lambda: {"3.5": ["one"], "4.1": ["two"]})
    local.write_digests()
    return file


def fetched(content: bytes) -> Callable[[list[str], Path], None]:
    def resolve(coordinates: list[str], folder: Path) -> None:
        (folder / "jars").mkdir(parents=True)
        (folder / "jars" / "x_y-1.jar").write_bytes(content)

    return resolve


def test_the_list_is_in_the_format_of_sha256sum(listed: Path) -> None:
    assert listed.read_text() == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  x_y-1.jar\n"


def test_what_was_listed_is_taken(listed: Path) -> None:
    assert [jar.name for jar in local.resolved_jars("3.5")] == ["x_y-1.jar"]


def test_a_changed_byte_in_what_is_fetched_is_refused_and_nothing_is_kept(
    listed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    monkeypatch.setattr(local, "_resolve", fetched(b"b"))
    with pytest.raises(RuntimeMissing, match=r"x_y-1\.jar is not the jar that was listed.* run again"):
        local.resolved_jars("3.5")
    assert list((tmp_path / "empty" / "company-activity" / "jars").iterdir()) == []


def test_a_changed_byte_in_a_cache_that_was_never_compared_is_refused(listed: Path) -> None:
    [jar] = local._fetched(["one"], None)
    jar.write_bytes(b"b")
    for _ in range(2):
        with pytest.raises(RuntimeMissing, match=f"remove {jar.parents[1]} and run again"):
            local.resolved_jars("3.5")


def test_a_cache_is_compared_once_for_each_list(listed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    monkeypatch.setattr(local, "check_jars", lambda jars, known: compared.extend(jar.name for jar in jars))
    for _ in range(3):
        local.resolved_jars("3.5")
    assert len(compared) == 1
    listed.write_text(listed.read_text() + "0" * 64 + "  z-1.jar\n")
    local.resolved_jars("3.5")
    assert len(compared) == 2


def test_a_jar_that_is_not_listed_and_a_list_that_is_not_there_are_refused(listed: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimeMissing, match=r"is not in .* `make jar-digests`"):
        check_jars([tmp_path / "other.jar"], known_digests())
    listed.unlink()
    with pytest.raises(RuntimeMissing, match="what the jars must be is not known"):
        local.resolved_jars("3.5")


def test_the_list_of_the_checkout_has_a_digest_for_every_pin() -> None:
    known = known_digests()
    for coordinates in local.pinned().values():
        names = {"{}_{}-{}.jar".format(*coordinate.split(":")) for coordinate in coordinates}
        assert names <= set(known)
    assert all(len(digest) == 64 for digest in known.values())


def test_a_list_reads_as_it_was_written(listed: Path, tmp_path: Path) -> None:
    assert text_of(local.resolved_jars("4.1")) == listed.read_text()
