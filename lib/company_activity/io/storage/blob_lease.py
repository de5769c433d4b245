"""A lock that many machines can see: the lease of a blob, renewed while its run lives."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.storage import blob as azure_blob

from company_activity.io.storage.blob_stream import STORE_ERRORS, translated_errors
from company_activity.io.storage.port import wait_for

log = logging.getLogger(__name__)
sdk: Any = azure_blob  # the decorators of its methods hide their types
RENEW_SECONDS = 20
LEASE_SECONDS = (
    60  # the longest that Azure grants with an end, and so the longest wait after a killed run
)
POLL_SECONDS = 2.0
TAKEN = "LeaseAlreadyPresent"
REFUSED = {404, 409, 412}  # a lease that is not ours any more, by whatever code
HOLDER = "holder"  # the blob's metadata that says who holds it
NO_LEASES = {400, 405, 501}  # a store that answers like Azure and leases nothing


class NoLeases(Exception):
    """The store gives no leases."""


class Lease:
    """A blob that is there, to be held by one run at a time.

    `is_lost` says that another run may have held it since it was acquired: it was not renewed in time.
    """

    def __init__(self, blob: Any, path: str, holder: str = "") -> None:
        self.is_lost = False
        self._blob = blob
        self._path = path
        self._holder = holder
        self._lease = sdk.BlobLeaseClient(blob)
        self._renewed_at = 0.0

    def acquire(self) -> bool:
        """Try once; False if another holds it.

        Raises:
            NoLeases: if the store knows no leases.
            SourceError: if it refuses for another reason.
        """
        with translated_errors(self._path):
            if not self._is_acquired():
                return False
        if self._holder:
            with suppress(*STORE_ERRORS):  # it is held all the same
                self._blob.set_blob_metadata({HOLDER: self._holder}, lease=self._lease)
        return True

    def _is_acquired(self) -> bool:
        began = time.monotonic()
        try:
            self._lease.acquire(lease_duration=LEASE_SECONDS)
        except HttpResponseError as error:
            if getattr(error, "error_code", None) == TAKEN:
                return False
            if error.status_code in NO_LEASES:
                raise NoLeases(str(error.status_code)) from None
            raise
        if self._renewed_at and began - self._renewed_at > LEASE_SECONDS:
            self.is_lost = True  # it had ended, and another run may have come and gone
        self._renewed_at = began
        return True

    def holder(self) -> str:
        """Who holds it, as the blob says; "unknown" where it does not."""
        with suppress(*STORE_ERRORS):
            return str((self._blob.get_blob_properties().metadata or {}).get(HOLDER) or "unknown")
        return "unknown"

    @contextmanager
    def kept(self) -> Iterator[Lease]:
        """Renew it in the background until we are done. A killed run's ends by itself within a minute."""
        done = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(done,), daemon=True)
        keeper.start()
        try:
            yield self
        finally:
            done.set()
            keeper.join()
            with suppress(*STORE_ERRORS):  # it ends by itself
                self._lease.release()

    def _keep(self, done: threading.Event) -> None:
        while not done.wait(RENEW_SECONDS):
            self.renew()

    def renew(self) -> None:
        """Renew it; one that was lost is acquired anew as soon as it is free."""
        began = time.monotonic()
        try:
            self._lease.renew()
            self._renewed_at = began
            return
        except STORE_ERRORS as error:
            is_refused = getattr(error, "status_code", None) in REFUSED
            is_over = time.monotonic() - self._renewed_at > LEASE_SECONDS
            log.warning("the lease of %s is not renewed: %s", self._path, _code_of(error))
        if not is_refused and not is_over:
            return
        if not self.is_lost:
            log.warning("the lease of %s is lost", self._path)
        self.is_lost = True
        with suppress(*STORE_ERRORS, NoLeases):
            self._is_acquired()


def holder_of(blob: Any) -> str:
    """Who holds a blob's lease, as the blob says; empty where nobody does."""
    found = blob.get_blob_properties()
    is_held = found.lease is not None and found.lease.state in ("leased", "breaking")
    return str((found.metadata or {}).get(HOLDER) or "unknown") if is_held else ""


@contextmanager
def leased(blob: Any, path: str, timeout_seconds: float) -> Iterator[None]:
    """Hold a blob that is there. A killed run's lease ends by itself within a minute.

    A lost lease, or a store that gives none, costs double work, never data: files are create-only.

    Raises:
        SourceError: if another run still holds it after `timeout_seconds`.
    """
    lease = Lease(blob, path)
    try:
        wait_for(lease.acquire, path, timeout_seconds, POLL_SECONDS)
    except NoLeases:
        log.warning("%s cannot be locked: the store gives no leases", path)
        yield
        return
    with lease.kept():
        yield


def _code_of(error: Exception) -> str:
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or type(error).__name__)
