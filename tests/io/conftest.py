"""What the tests of input and output share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from company_activity.io.api.client import UsageApi as Client
from company_activity.io.api.page import Page
from company_activity.io.storage.opening import LocalStorage, Storage
from company_activity.settings.model import ApiSettings, LandingSettings, Secret, SecretSettings

from support.api.usage_api import KEY, Fetch, Serve, UsageApi, serving
from support.landing.azurite import azurite

if TYPE_CHECKING:
    from company_activity.io.storage.blob import BlobStorage

__all__ = ["azurite"]  # a fixture: found by its name
DAY = date(2025, 3, 31)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers that follow a script; all are stopped at the end."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(serving(script))


@pytest.fixture
def fetch(slept: list[float]) -> Fetch:
    """Fetches all pages of a date from a server, with few attempts and short timeouts."""

    def fetch(server: UsageApi | str, *keys: str, **settings: Any) -> list[Page]:
        url = server if isinstance(server, str) else server.url
        defaults = {"timeout_seconds": 5.0, "max_attempts": 3, "time_budget_seconds": 600.0, "url": url}
        left = [*keys] or [KEY]
        api = Client(
            ApiSettings(**{**defaults, **settings}),
            lambda: Secret(left.pop(0) if len(left) > 1 else left[0]),
            sleep=slept.append,
        )
        return list(api.pages(DAY))

    return fetch


@pytest.fixture
def slept() -> list[float]:
    """The seconds that were asked to sleep, one by one: no test waits."""
    return []


@pytest.fixture
def local(tmp_path: Path) -> LocalStorage:
    """A directory to land in."""
    return LocalStorage(tmp_path / "landing")


@pytest.fixture
def blobs(azurite: str) -> BlobStorage:
    """An account to land in; its containers are the test's own if named with `container`."""
    from company_activity.io.storage.blob import BlobStorage

    return BlobStorage.of(LandingSettings("", connection=Secret(azurite)), SecretSettings(), {})


@pytest.fixture(params=["local", "blobs"])
def storage(request: pytest.FixtureRequest) -> Storage:
    """Each of the two stores."""
    store: Storage = request.getfixturevalue(request.param)
    return store


@pytest.fixture
def container() -> str:
    """A container that no other test has."""
    return f"test-{uuid4().hex}"
