"""One meaning of a root for Python and for Spark: where its files are, and how each of the two gets there.

Spark resolves a path without a scheme against its default file system, which on a pool is no disk
of the driver. So every root is brought to one spelling, and Spark is always given a scheme.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from company_activity.errors import SettingsError
from company_activity.settings.compute import FUSE, Compute

BLOB_SCHEMES = ("abfs", "abfss", "wasb", "wasbs")
SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):")
WINDOWS = re.compile(r"(?:(?i:file):/*)?[A-Za-z]:|\\\\")
CREDENTIALS = re.compile(r"//[^/@]*:[^@]*@|[?#]")
PLACES = (
    "give a directory, abfss://<container>@<account>.dfs.core.windows.net/<path>,"
    " or on Databricks dbfs:/<path>"
)
LAKEHOUSE = re.compile(r"/lakehouse/default(?P<inner>/.*)?")
ON_DATABRICKS = re.compile(r"/dbfs(?P<dbfs>/.*)?|(?P<volume>/Volumes/.+)")


@dataclass(frozen=True)
class Root:
    """A place of ours, normalised.

    `text` is its one spelling, `address` what Spark is given. On a file system `path` is what Python
    opens. In blob storage `path` is empty, and `container` (empty where a landing is a whole
    account), `host` (the account as the address names it) and `inner` (the path in the container,
    without slashes at its ends) say where it is.
    """

    text: str
    address: str
    path: str = ""
    scheme: str = "file"
    container: str = ""
    host: str = ""
    inner: str = ""

    @property
    def is_local(self) -> bool:
        """A directory of this machine: no mount that many machines share, no blob storage."""
        return self.scheme == "file"

    @property
    def account(self) -> str:
        """The name of the storage account."""
        return self.host.partition(".")[0].partition(":")[0]

    @property
    def service_url(self) -> str:
        """The account's blob service; empty for the emulator's bare name, which has no host of its own."""
        if self.scheme in ("http", "https"):
            return self.text
        if "." not in self.host:
            return ""
        return f"https://{self.host.replace('.dfs.', '.blob.', 1)}"

    def address_of(self, path: str) -> str:
        """What Spark is given for a place below: a file's path for Python, or a path in blob storage.

        The latter begins with its container where the root names none.

        >>> root_of("abfss://lake@acme.dfs.core.windows.net/a").address_of("stg/crm")
        'abfss://lake@acme.dfs.core.windows.net/a/stg/crm'
        >>> root_of("dbfs:/lake").address_of("/dbfs/lake/stg/crm")
        'dbfs:/lake/stg/crm'
        """
        if self.is_local:
            return f"file:{path}"  # as Hadoop writes it: Delta compares spellings
        if self.path:
            return f"dbfs:{path.removeprefix(str(FUSE))}"
        container = self.container
        inner = f"{self.inner}/{path}".lstrip("/")
        if not container:
            container, _, inner = path.partition("/")
        return f"{self.scheme}://{container}@{self.host}/{inner}"


def root_of(text: str, name: str = "the root", compute: Compute | None = None) -> Root:
    """What a root means; `name` is the setting, for messages.

    >>> root_of("/data/lake/").address
    'file:/data/lake'
    >>> root_of("abfss://lake@acme.dfs.core.windows.net//activity/").address
    'abfss://lake@acme.dfs.core.windows.net/activity'
    >>> on_databricks = Compute("Databricks", has_dbfs=True)
    >>> root_of("/dbfs/lake", compute=on_databricks).address, root_of("dbfs:/lake").path
    ('dbfs:/lake', '/dbfs/lake')

    Raises:
        SettingsError: for an unknown scheme, a Windows path, or a path that Python and Spark would not
            understand alike.
    """
    place = _Place(text, name, compute or Compute(has_dbfs=True))
    if not text:
        raise place.refusal("is empty", PLACES)
    if WINDOWS.match(text):
        raise place.refusal("is a Windows path", f"this runs on Linux and macOS; {PLACES}")
    if not (found := SCHEME.match(text)):
        return place.bare()
    scheme = found["scheme"].lower()
    rest = text[found.end() :]
    if scheme == "file":
        return place.file(rest)
    if scheme == "dbfs":
        return place.dbfs(rest)
    if scheme in BLOB_SCHEMES:
        return place.blob(scheme, rest)
    if scheme in ("http", "https"):
        return place.account(scheme, rest)
    raise place.refusal(f"begins with {scheme}:, which is no place that we know", PLACES)


def is_bare(text: str) -> bool:
    """Whether a root has no scheme."""
    return not SCHEME.match(text)


def local_root(path: str) -> Root:
    """A directory of this machine."""
    plain = re.sub("^/+", "/", path)
    return Root(plain, f"file:{plain}", plain)


@dataclass(frozen=True)
class _Place:
    """A root's text as it is being understood."""

    text: str
    name: str
    compute: Compute

    def refusal(self, what: str, remedy: str) -> SettingsError:
        """What is wrong; the text itself is not shown where it may hold a secret."""
        shown = "" if CREDENTIALS.search(self.text) else f" {self.text!r}"
        return SettingsError(f"{self.name}{shown} {what}", remedy=remedy)

    def bare(self) -> Root:
        """A path without a scheme."""
        if mounted := self._mounted(self.text):
            return mounted
        if not self.compute.pool:
            return local_root(os.path.abspath(self.text))
        raise self.refusal(
            f"has no scheme: on {self.compute.pool} Spark and Python would look for it in different places",
            f"give {self._with_scheme()}, abfss://<container>@<account>.dfs.core.windows.net/<path>,"
            " or file:/<path> for the driver's own disk",
        )

    def _with_scheme(self) -> str:
        inner = self.text.lstrip("/")
        return {
            "Databricks": f"dbfs:/{inner}",
            "Fabric": f"/lakehouse/default/Files/{inner.removeprefix('Files/')}",
        }.get(self.compute.pool, "its address")

    def _mounted(self, path: str) -> Root | None:
        """What a pool mounts at a path, which is no disk of this machine; None for any other path."""
        if found := LAKEHOUSE.fullmatch(path):
            return self._lakehouse(found["inner"] or "")
        found = ON_DATABRICKS.fullmatch(path)
        if self.compute.pool == "Databricks" and found:
            return self.dbfs(found["volume"] or found["dbfs"] or "/")
        return None

    def _lakehouse(self, inner: str) -> Root:
        """A path in the default lakehouse, by OneLake's address: its mount knows no create-only file."""
        if not self.compute.lakehouse:
            raise self.refusal(
                "is there only in a Fabric session with a default lakehouse",
                "attach one, or give abfss://<workspace>@onelake.dfs.fabric.microsoft.com/<lakehouse>/Files/<path>",
            )
        address = self.compute.lakehouse.rstrip("/") + inner
        return root_of(address, self.name, self.compute)

    def file(self, rest: str) -> Root:
        """`file:/x`, `file:///x`, `file://localhost/x`."""
        host, slash, path = rest[2:].partition("/") if rest.startswith("//") else ("", "", rest)
        path = slash + path
        if host not in ("", "localhost"):
            raise self.refusal(
                f"names the host {host}", "give file:/<path>, a path of this machine"
            )
        if not path.startswith("/"):
            raise self.refusal("is not absolute", f"give file:{os.path.abspath(path)}")
        path = os.path.abspath(path)
        return self._mounted(path) or local_root(path)

    def dbfs(self, rest: str) -> Root:
        """`dbfs:/x`, which Python finds under its mount; a volume has one of its own."""
        inner = self._segments(rest)
        is_volume = inner.startswith("Volumes/")
        if not is_volume and not self.compute.has_dbfs:
            raise self.refusal(
                f"is not mounted here: there is no {FUSE}",
                "give the address of its storage, abfss://<container>@<account>.dfs.core.windows.net/<path>,"
                " or a volume, /Volumes/<catalog>/<schema>/<volume>/<path>",
            )
        path = f"/{inner}" if is_volume else str(FUSE / inner)
        address = f"dbfs:/{inner}"
        return Root(address, address, path, "dbfs")

    def blob(self, scheme: str, rest: str) -> Root:
        """An account's address: `//<container>@<account>/<path>`, or for a landing `//<account>`."""
        authority, _, path = rest.removeprefix("//").partition("/")
        container, at, host = authority.rpartition("@")
        host = host.lower()  # as an account is called, whoever writes it
        has_host = "." in host or scheme.startswith("wasb")
        if not rest.startswith("//") or not host or not has_host or CREDENTIALS.search(rest):
            raise self.refusal(
                "is no address of a storage account",
                f"give {scheme}://<container>@<account>.dfs.core.windows.net/<path>",
            )
        inner = self._segments(path)
        address = f"{scheme}://{container}{at}{host}/{inner}".rstrip("/")
        return Root(address, address, "", scheme, container, host, inner)

    def account(self, scheme: str, rest: str) -> Root:
        """A whole account, by the address of its blob service."""
        if CREDENTIALS.search(rest):
            raise self.refusal(
                "holds a key, a token or a password",
                "leave it out: landing.connection is for secrets, or use an identity with a role on the account",
            )
        return Root(self.text, self.text, scheme=scheme, host=re.sub(r"^//|/.*", "", rest))

    def _segments(self, path: str) -> str:
        """A path without empty segments: Spark drops them, and a blob's name would keep them."""
        segments = [segment for segment in path.split("/") if segment]
        if "." in segments or ".." in segments:
            raise self.refusal("has a segment . or ..", "give it without")
        return "/".join(segments)


def normalised(text: str, name: str, compute: Compute, *, is_landing: bool = False) -> str:
    """The one spelling of a root as settings hold it: an absolute path, or an address.

    A landing may be a whole account (`https://…`, or an address without a container).

    Raises:
        SettingsError: as `root_of`, for a whole account that is no landing, and for a path in an account
            without a container.
    """
    root = root_of(text, name, compute)
    # Only an emulator has its account's name in the path.
    is_within = bool(root.inner) or (
        ".blob." in root.host and not text.rstrip("/").endswith(root.host)
    )
    if not root.path and not root.container and (is_within or not is_landing):
        raise SettingsError(
            f"{name} names no container",
            remedy="give abfss://<container>@<account>.dfs.core.windows.net/<path>",
        )
    return root.path if root.is_local else root.text
