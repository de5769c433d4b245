"""A blob store that refuses, dawdles, breaks off and forgets to answer: nothing half-visible, the next run makes up for it.

By the real SDK over the emulator; it sleeps no time between its tries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from azure.core.pipeline.transport import HttpTransport
from azure.storage.blob import BlobLeaseClient

from company_activity.errors import CompanyActivityError
from company_activity.io.storage import blob
from company_activity.io.storage.blob import BlobStorage
from company_activity.settings.model import LandingSettings, Secret, SecretSettings
from company_activity.settings.roots import root_of

from reliability.harness.cases import Cases
from reliability.storage.faulty_store import FAULTS, Fault, FaultyStore, faulty_store
from reliability.storage.stories import BLOB_STORIES, Given, Story
from support.api.usage_api import UsageApi
from support.landing.azurite import ACCOUNT, azurite

pytestmark = [pytest.mark.fault, pytest.mark.integration]

__all__ = ["azurite"]  # a fixture: found by its name

PORT = re.compile(r"127\.0\.0\.1:(\d+)")
SENTENCE = re.compile(r"[A-Z]\w+: .+ — .+")
OTHERS = re.compile("another run lands|other runs keep landing|already exists")  # nobody else is at work


@dataclass(frozen=True)
class Stores:
    """One store, as it is and through a proxy; each case has a folder of its own in it."""

    direct: BlobStorage
    proxied: BlobStorage
    proxy: FaultyStore
    api: str
    folder: Path

    def given(self, run_id: str, place: str, is_proxied: bool = False) -> Given:
        """A place in the store, with or without its faults."""
        root = root_of(f"abfss://stories@{ACCOUNT}.dfs.core.windows.net/{place}")
        storage = (self.proxied if is_proxied else self.direct).under(root)
        return Given(self.folder / place, self.api, run_id, storage)


@pytest.fixture
def stores(azurite: str, api: UsageApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    """Parts take several blocks; what does not answer is not waited for."""
    monkeypatch.setattr(HttpTransport, "sleep", lambda transport, seconds: None)
    monkeypatch.setattr(blob, "BLOCK_BYTES", 100)
    monkeypatch.setattr(blob, "SIZES", blob.SIZES | {"read_timeout": 0.3})
    found = PORT.search(azurite)
    assert found
    with faulty_store(int(found[1])) as proxy:
        yield Stores(opened(azurite), opened(azurite.replace(found[1], str(proxy.port))), proxy, api.url, tmp_path)


def opened(connection: str) -> BlobStorage:
    return BlobStorage.of(LandingSettings("", connection=Secret(connection)), SecretSettings(), {})


IN_CI = {"ingest"}
LONG = (pytest.mark.long, pytest.mark.full)


@pytest.mark.row("S3")
@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in IN_CI else LONG) for name in BLOB_STORIES])
def test_a_request_that_fails(name: str, stores: Stores, cases: Cases) -> None:
    story = BLOB_STORIES[name]
    ends, faults = undisturbed(story, stores)
    every = {f"{name}:{fault.key}": fault for fault in faults}
    for key in cases.left(every, short=4):
        with cases.one(key) as notes:
            notes.append(fails_and_is_made_up_for(story, stores, every[key], ends))


def undisturbed(story: Story, stores: Stores) -> tuple[Any, list[Fault]]:
    """How the story ends without a fault, and what may befall each of its requests."""
    place = uuid4().hex
    story.before(stores.given("first", place))
    stores.proxy.begin(None)
    story.act(stores.given("first", place, is_proxied=True))
    faults = [fault for kind, count in sorted(stores.proxy.counts.items()) for fault in of_kind(kind, count)]
    return story.ends(stores.given("first", place)), faults


def of_kind(kind: str, count: int) -> list[Fault]:
    """Once at each request of the kind; from the first one on, and from the last one on."""
    once = [Fault(kind, nth, what, False) for nth in range(1, count + 1) for what in FAULTS]
    return [*once, *(Fault(kind, nth, what, True) for nth in sorted({1, count}) for what in FAULTS)]


def fails_and_is_made_up_for(story: Story, stores: Stores, fault: Fault, ends: Any) -> str:
    """How the disturbed run ended, in a word."""
    place = uuid4().hex
    direct = stores.given("first", place)
    story.before(direct)
    stores.proxy.begin(fault)
    said = act(story, stores.given("first", place, is_proxied=True))
    assert stores.proxy.hits, f"{fault} befell nothing"
    assert not said or SENTENCE.fullmatch(said), said
    assert not OTHERS.search(said), said
    story.whole(direct)
    free_leases(direct)
    again = replace(direct, run_id="next")
    story.act(again)
    assert story.ends(again) == ends
    return "failure" if said else "success"


def act(story: Story, given: Given) -> str:
    """What went wrong; nothing where it went well. What is no error of ours is raised."""
    try:
        story.act(given)
    except CompanyActivityError as error:
        return str(error)
    return ""


def free_leases(given: Given) -> None:
    """What a minute does to the lease of a run that is gone."""
    storage = given.storage
    assert isinstance(storage, BlobStorage)
    locks = [entry.path for entry in storage.list(given.landing.at("_locks/"))]
    for path in (*locks, *(entry.path for entry in storage.list("lake/.lock"))):
        client = storage._blob(path)
        if client.get_blob_properties().lease.state == "leased":
            BlobLeaseClient(client).break_lease(0)
