"""Azure blob containers as the place where files land."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import chain
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit
from uuid import uuid4

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage import blob as azure_blob

from company_activity.errors import SettingsError, SourceError
from company_activity.io.net.quiet_logs import hide_targets
from company_activity.io.secrets.azure_credential import STORAGE, credential
from company_activity.io.secrets.resolve import resolve
from company_activity.io.storage.blob_lease import Lease, holder_of, leased
from company_activity.io.storage.blob_stream import Chunks, translated_errors
from company_activity.io.storage.port import Entry
from company_activity.settings.model import LandingSettings, Secret, SecretSettings
from company_activity.settings.roots import BLOB_SCHEMES, Root

sdk: Any = azure_blob  # the decorators of its methods hide their types
BLOCK_BYTES = 4 * 1024 * 1024
SIZES = {"max_single_get_size": BLOCK_BYTES, "max_chunk_get_size": BLOCK_BYTES}

hide_targets()  # of each request a shared access signature is a part


class BlobStorage:
    """Containers of one storage account, or the folders of a root in it.

    A blob appears at once, with its last block list, or not at all.
    """

    def __init__(self, service: Any, root: Root | None = None) -> None:
        self._service = service
        self._root = root if root and root.scheme in BLOB_SCHEMES else None
        self._base = ""
        if self._root and self._root.container:
            self._base = "/".join(filter(None, (self._root.container, self._root.inner))) + "/"
        self._known: set[str] = set()

    @classmethod
    def of(
        cls,
        landing: LandingSettings,
        secrets: SecretSettings,
        environ: Mapping[str, str],
        root: Root | None = None,
    ) -> BlobStorage:
        """The account of the connection string, or the place in it that `root` names."""
        connection = resolve(landing.connection or Secret(""), secrets, environ).reveal()
        try:
            service = sdk.BlobServiceClient.from_connection_string(connection, **SIZES)
        except (ValueError, IndexError):
            raise SettingsError(
                "landing.connection is no storage connection string",
                remedy="copy it whole: DefaultEndpointsProtocol=…;AccountName=…;AccountKey=…",
            ) from None
        storage = cls(service, root)
        if storage._root and storage._root.account != storage.account:
            raise SettingsError(
                f"landing.root names the account {storage._root.account},"
                f" landing.connection {storage.account}",
                remedy="let both name one account, or leave landing.connection empty",
            )
        return storage

    @classmethod
    def by_identity(cls, root: Root) -> BlobStorage:
        """A root of an account, with the identity that we run as.

        Raises:
            SettingsError: if only a connection string could say where the account is.
        """
        if not root.service_url:
            raise SettingsError(
                f"where the account {root.account} of {root.text} is, its name does not tell",
                remedy="set landing.connection to the connection string of this account",
            )
        service = sdk.BlobServiceClient(root.service_url, credential=credential(STORAGE), **SIZES)
        return cls(service, root)

    def under(self, root: Root) -> BlobStorage:
        """The place in this account that `root` names."""
        return BlobStorage(self._service, root)

    @property
    def account(self) -> str:
        """The account's name."""
        return str(self._service.account_name)

    def list(self, prefix: str) -> Iterator[Entry]:
        """All files whose path begins with `prefix`, by path; none where the container is not there."""
        container, _, start = f"{self._base}{prefix}".partition("/")
        with translated_errors(prefix), suppress(ResourceNotFoundError):
            client = self._service.get_container_client(container)
            for blob in client.list_blobs(name_starts_with=start or None, include=["metadata"]):
                if (blob.metadata or {}).get(
                    "hdi_isfolder"
                ) != "true":  # a folder of a hierarchical account
                    path = f"{container}/{blob.name}".removeprefix(self._base)
                    yield Entry(path, blob.size, blob.last_modified)

    def read(self, path: str) -> bytes:
        """The whole of a small file."""
        with translated_errors(path):
            return cast(bytes, self._blob(path).download_blob().readall())

    def open(self, path: str) -> BinaryIO:
        """A file as a stream of bytes, fetched block by block."""
        with translated_errors(path):
            download = self._blob(path).download_blob()
        return cast(BinaryIO, io.BufferedReader(Chunks(download.chunks(), path), BLOCK_BYTES))

    def create(self, path: str, chunks: Iterable[bytes]) -> bool:
        """Write a file that is not there yet; False if it is."""
        blob = self._blob(path)
        mark = {"writeid": uuid4().hex}
        blocks = _blocks(chunks)
        first = next(blocks, b"")
        second = next(blocks, None)
        with translated_errors(path), _told_without(blob.container_name):
            self._make_container(blob.container_name)
            try:
                if second is None:
                    blob.upload_blob(first, overwrite=False, metadata=mark)
                else:
                    ids = _stage(blob, chain((first, second), blocks))
                    blob.commit_block_list(
                        ids, metadata=mark, match_condition=MatchConditions.IfMissing
                    )
            except HttpResponseError as error:
                there = _metadata_of(blob) if _is_there_already(error) else None
                if there is None:
                    raise
                # ours, if the answer to the first try got lost and the client sent it again
                return there == mark
        return True

    def replace(self, path: str, chunks: Iterable[bytes]) -> None:
        """Write a file in place of the one that is there."""
        with translated_errors(path):
            self._blob(path).upload_blob(b"".join(chunks), overwrite=True)

    def delete(self, path: str) -> None:
        """Remove a file; that it is not there is fine."""
        with translated_errors(path), suppress(ResourceNotFoundError):
            self._blob(path).delete_blob()

    def uri(self, path: str) -> str:
        """The address by which the root was given; else `abfss://`, or `wasb://` for the emulator."""
        if self._root:
            return self._root.address_of(path)
        container, _, name = path.partition("/")
        host = urlsplit(self._service.url).hostname or ""
        if ".blob." in host:
            return f"abfss://{container}@{host.replace('.blob.', '.dfs.', 1)}/{name}"
        return f"wasb://{container}@{self.account}/{name}"

    @contextmanager
    def lock(self, path: str, timeout_seconds: float) -> Iterator[None]:
        """Hold `path` by a lease that is renewed until we are done; a killed run's ends within a minute."""
        self.create(path, ())
        with leased(self._blob(path), path, timeout_seconds):
            yield

    def lease(self, path: str, holder: str) -> Lease:
        """A lease of `path`, to be acquired: what `holder` is, those who wait are told."""
        self.create(path, ())
        return Lease(self._blob(path), path, holder)

    def holder(self, path: str) -> str:
        """Who holds the lease of `path`; empty where nobody does. It is not acquired."""
        with translated_errors(path), suppress(ResourceNotFoundError):
            return holder_of(self._blob(path))
        return ""

    def _blob(self, path: str) -> Any:
        container, _, name = f"{self._base}{path}".partition("/")
        return self._service.get_blob_client(container, name)

    def _make_container(self, container: str) -> None:
        if container not in self._known:
            with suppress(HttpResponseError):  # it is there, or we may not: the write will tell
                self._service.create_container(container)
            self._known.add(container)


@contextmanager
def _told_without(container: str) -> Iterator[None]:
    """A write that finds no container, as a sentence: to a reader it is only that nothing is there."""
    try:
        yield
    except ResourceNotFoundError:
        raise SourceError(
            f"the container {container} is not there, and we may not make it",
            remedy="make it, or check its name in landing.root or lake.root",
        ) from None


def _is_there_already(error: HttpResponseError) -> bool:
    """Whether a create-only write was refused because the blob exists.

    Of one that is leased Azure says 412 `LeaseIdMissing`; the emulator says 409 `BlobAlreadyExists`.
    """
    is_leased = getattr(error, "error_code", None) == "LeaseIdMissing"
    return is_leased or isinstance(error, ResourceExistsError | ResourceModifiedError)


def _metadata_of(blob: Any) -> Mapping[str, str] | None:
    """What a blob's metadata say; None if it is not there."""
    with suppress(ResourceNotFoundError):
        return cast(Mapping[str, str], blob.get_blob_properties().metadata)
    return None


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Chunks gathered to blocks of about BLOCK_BYTES."""
    gathered = bytearray()
    for chunk in chunks:
        gathered += chunk
        if len(gathered) >= BLOCK_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


def _stage(blob: Any, blocks: Iterable[bytes]) -> list[Any]:
    staged = []
    for number, block in enumerate(blocks):
        block_id = base64.b64encode(f"{number:08d}".encode()).decode()
        blob.stage_block(block_id, block)
        staged.append(sdk.BlobBlock(block_id))
    return staged
