"""A blob's download as a stream, and Azure's errors as sentences."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from azure.core.exceptions import AzureError, DeserializationError, ResourceNotFoundError

from company_activity.errors import SourceError

# What its client raises; the second where an answer breaks off in its head, and is no error of Azure's by its class.
STORE_ERRORS = (AzureError, DeserializationError)


class Chunks(io.RawIOBase):
    """A download as a raw stream: holds one block at a time."""

    def __init__(self, chunks: Iterator[bytes], path: str) -> None:
        self._chunks = chunks
        self._path = path
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            with translated_errors(self._path):
                self._left = next(self._chunks, b"")
        taken = self._left[: len(buffer)]
        buffer[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)


@contextmanager
def translated_errors(path: str) -> Iterator[None]:
    """Turn Azure's errors into a sentence without URLs or signatures; what is missing is FileNotFoundError."""
    try:
        yield
    except ResourceNotFoundError:
        raise FileNotFoundError(path) from None
    except STORE_ERRORS as error:
        code = getattr(error, "error_code", None) or type(error).__name__
        code = getattr(code, "value", code)
        status = getattr(error, "status_code", None)
        raise SourceError(
            f"blob storage refuses {path}: {code}{f' ({status})' if status else ''}",
            remedy="check landing.connection or landing.root, the network, and our role on the account",
        ) from None
