"""An answer of a blob store that breaks off in its head is told like any other failure, and ends no lease's keeper."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from azure.core.exceptions import DeserializationError
from azure.core.pipeline.transport import HttpTransport

from company_activity.errors import SourceError
from company_activity.io.storage.blob import BlobStorage
from company_activity.io.storage.blob_lease import Lease
from company_activity.settings.model import LandingSettings, Secret, SecretSettings

from support.api.usage_api import raw, serving
from support.landing.azurite import ACCOUNT, ACCOUNT_KEY

BROKEN_OFF = raw(b"HTTP/1.1 200 OK\r\nContent-MD5: 1B2M2Y8AsgTpgAmY7")


def store(url: str) -> BlobStorage:
    keys = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY}"
    return BlobStorage.of(LandingSettings("", connection=Secret(f"{keys};BlobEndpoint={url}")), SecretSettings(), {})


def test_an_answer_that_breaks_off_in_its_head_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HttpTransport, "sleep", lambda transport, seconds: None)
    with serving(lambda asked: BROKEN_OFF) as server, pytest.raises(SourceError, match="blob storage refuses raw/a"):
        store(server.url).read("raw/a")


def test_a_lease_goes_on_being_kept_behind_such_an_answer() -> None:
    def broken_off() -> None:
        raise DeserializationError("Unable to deserialize response data")

    lease = Lease(store("http://127.0.0.1:1")._blob("raw/a"), "raw/a")
    lease._lease = SimpleNamespace(renew=broken_off, acquire=lambda lease_duration: None)
    lease.renew()  # nobody knows whether it was renewed: the next time tells
