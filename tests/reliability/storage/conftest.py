"""What the stories are told with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.api.usage_api import UsageApi, numbered, serving

ITEMS = [[{"company_id": f"c{page}-{item}", "events": item} for item in range(3)] for page in range(2)]


@pytest.fixture(scope="module")
def api() -> Iterator[UsageApi]:
    """Two pages for any date."""
    with serving(numbered(*ITEMS)) as server:
        yield server
