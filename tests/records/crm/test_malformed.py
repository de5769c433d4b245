"""Malformed rows by the thousand: no crash, none lost, none without a reason, none that harms its neighbours."""

from __future__ import annotations

from random import Random

import pytest

from .files import read
from .malformed import KINDS, malformed_file, swallowing_file

pytestmark = pytest.mark.fault


def check_malformed_rows(count: int, rng: Random) -> int:
    """Files of 1,000 malformed rows beside as many good ones; how many rows were quarantined."""
    quarantined = 0
    for _ in range(count // 1000):
        data, expected = malformed_file(1000, rng)
        file = read(data)
        assert {row.line: row.reasons for row in file.quarantined} == expected
        assert [record.line for record in file.accepted] == [line + 1 for line in expected]
        assert (file.rows_in, file.duplicates) == (2000, 0)
        quarantined += len(file.quarantined)
    return quarantined


def check_swallowed_rows(count: int, rng: Random) -> int:
    """Files whose rest an open quote swallows, 20 rows each; how many rows were quarantined."""
    quarantined = 0
    for _ in range(count // 20):
        data, line = swallowing_file(20, rng)
        file = read(data)
        assert [record.line for record in file.accepted] == list(range(2, line))
        assert "\n".join(row.raw for row in file.quarantined) == "\n".join(data.decode().split("\n")[line - 1 :])
        assert {reason for row in file.quarantined for reason in row.reasons} == {"BAD_ROW"}
        quarantined += len(file.quarantined)
    return quarantined


def test_twenty_thousand_malformed_rows() -> None:
    rng = Random(5)
    assert check_malformed_rows(18_000, rng) == 18_000
    assert check_swallowed_rows(2_000, rng) == 2_000


def test_each_kind_is_among_them() -> None:
    _, reasons = malformed_file(1000, Random(5))
    assert {tuple(why) for why in reasons.values()} == {tuple(why) for _, why in KINDS.values()}
