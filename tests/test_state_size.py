"""A table's state after ten years of hourly CRM files: a commit may carry 1 MB at most."""

from __future__ import annotations

from datetime import date, timedelta

from company_activity.io.lake.delta_log import encode_state
from company_activity.planning.episodes import Began, EpisodesState
from company_activity.planning.rollups import RolledDate, SegmentsState, sources_of_dates
from company_activity.planning.snapshots import snapshots
from company_activity.planning.state import QuarantineState

DATES = [date(2015, 1, 1) + timedelta(days=n) for n in range(3_653)]
DIGEST = "0123456789abcdef"


def test_the_largest_state_of_87_672_files_and_3_653_dates_is_under_700_kb() -> None:
    """The activity table's: besides the snapshots it names each usage date, and what each date was built to."""
    paths = [(f"raw/crm/{day:%Y/%m}/crm_{day}T{hour:02}.csv", day) for day in DATES for hour in range(24)]
    staged = {"files": {path: {"sha256": DIGEST * 4, "file_date": str(day), "seen": ""} for path, day in paths}}
    assert len(staged["files"]) == 87_672
    state = {
        "crm": snapshots(staged),
        "usage": {str(day): f"2:{DIGEST}:2" for day in DATES},
        "dates": {
            str(day): [f"200000:{10**37}", "2025-01-01T00:00:00.123456+00:00", 200_000, "2", "2"] for day in DATES
        },
        "metrics": {"version": "2", "digest": DIGEST},
    }
    size = len(encode_state(state).encode())
    print(f"{size:,} bytes")
    assert len(snapshots(staged)) == 3_653
    assert size < 700_000


def test_the_states_of_episodes_and_of_the_roll_up_of_3_653_dates_warn_of_nothing() -> None:
    """A warning comes from half of what a commit may carry."""
    hashes = dict.fromkeys(DATES, f"200000:-{10**18}")
    began = dict.fromkeys(DATES, Began(20_000, 2**64 - 1))
    rolled = {day: RolledDate(f"1000:-{10**18}", sources) for day, sources in sources_of_dates(hashes, began).items()}
    for state in (EpisodesState.of(hashes, 7_000_000, began), SegmentsState.of(rolled)):
        read = type(state).from_json(state.as_json())
        assert read == state
        size = len(encode_state(state.as_json()).encode())
        print(f"{type(state).__name__}: {size:,} bytes")
        assert size < 500_000


def test_a_quarantine_of_87_672_files_and_3_653_dates_names_no_path_and_may_hold_any() -> None:
    paths = [f"raw/crm/{day:%Y/%m}/crm_{day}T{hour:02}.csv" for day in DATES for hour in range(24)]
    state = QuarantineState(is_known=True).with_places([], [*DATES, *paths])
    state = QuarantineState.from_json(state.as_json()).with_places(paths[:24], paths[:24])
    assert state.holds(paths[-1:])
    assert state.holds(["raw/crm/another.csv"])
    assert state.holds(DATES[:1])
    assert not state.holds([date(2014, 12, 31)])
    assert len(encode_state(state.as_json()).encode()) < 100_000


def test_a_quarantine_names_its_paths_while_they_are_few() -> None:
    paths = [f"raw/crm/{number}.csv" for number in range(2_000)]
    state = QuarantineState(is_known=True).with_places([], paths)
    assert not state.holds(["raw/crm/another.csv"])
    assert not state.with_places(paths[:1], []).holds(paths[:1])
    assert state.with_places(paths[:1], ["raw/crm/another.csv"]).crm is not None
    assert state.with_places([], ["raw/crm/another.csv"]).crm is None


def test_a_quarantine_of_long_paths_fits_into_a_commit() -> None:
    """A path in a storage account has up to 1,024 characters, and JSON writes some of them in six bytes."""
    paths = [f"raw/crm/{number:04}".ljust(1_000, "\x01") for number in range(2_000)]
    few = QuarantineState(is_known=True).with_places([], [*DATES, *paths[:150]])
    assert few.crm == frozenset(paths[:150])
    many = few.with_places([], paths)
    assert many.holds(["raw/crm/another.csv"])
    for state in (few, many):
        encode_state(state.as_json())
