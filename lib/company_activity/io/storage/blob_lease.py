"""A lock that many machines can see: the lease of a blob, renewed while its run lives."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage import blob as azure_blob

from company_activity.io.storage.blob_stream import translated_errors
from company_activity.io.storage.port import wait_for

log = logging.getLogger(__name__)
sdk: Any = azure_blob  # the decorators of its methods hide their types
RENEW_SECONDS = 20
LEASE_SECONDS = (
    60  # the longest that Azure grants with an end, and so the longest wait after a killed run
)
POLL_SECONDS = 2.0


@contextmanager
def leased(blob: Any, path: str, timeout_seconds: float) -> Iterator[None]:
    """Hold a blob that is there. A killed run's lease ends by itself within a minute.

    Raises:
        SourceError: if another run still holds it after `timeout_seconds`.
    """
    lease = sdk.BlobLeaseClient(blob)
    with translated_errors(path):
        wait_for(lambda: _is_leased(lease), path, timeout_seconds, POLL_SECONDS)
    done = threading.Event()
    keeper = threading.Thread(target=_keep, args=(lease, done, path), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()
        with suppress(AzureError):  # it ends by itself
            lease.release()


def _is_leased(lease: Any) -> bool:
    try:
        lease.acquire(lease_duration=LEASE_SECONDS)
    except HttpResponseError as error:
        if getattr(error, "error_code", None) == "LeaseAlreadyPresent":
            return False
        raise
    return True


def _keep(lease: Any, done: threading.Event, path: str) -> None:
    """Renew the lease until we are done. A lost one costs double work, never data: files are create-only."""
    while not done.wait(RENEW_SECONDS):
        try:
            lease.renew()
        except AzureError as error:
            log.warning("the lease of %s is not renewed: %s", path, type(error).__name__)
