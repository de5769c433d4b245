"""A place whose landing, lake and reports are in blob storage, and the runtimes that reach it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from company_activity.io.storage.opening import Storage, open_root, open_storage
from company_activity.settings.loading import load_settings
from company_activity.settings.model import Settings
from company_activity.settings.roots import root_of

from support.cycle.place import SAMPLES, Place
from support.landing.azurite import ACCOUNT, ACCOUNT_KEY, Emulator
from support.processes.command import run_command

ROOT = SAMPLES.parent
ABFS_HOST = f"{ACCOUNT}.dfs.core.windows.net"
UPLOADS = 8


@dataclass(frozen=True)
class Runtime:
    """A Spark and how it reaches the emulator: where its commands are, its properties, and the scheme of its driver."""

    name: str
    bin: Path
    properties: Path
    scheme: str

    def address(self, container: str) -> str:
        """A container as this Spark is told of it."""
        host = ACCOUNT if self.scheme == "wasb" else ABFS_HOST
        return f"{self.scheme}://{container}@{host}"

    def hadoop(self, port: int) -> dict[str, str]:
        """What lets the driver find the emulator."""
        if self.scheme == "wasb":
            return {"fs.azure.storage.emulator.account.name": ACCOUNT}
        return {
            "fs.azure.abfs.endpoint": f"127.0.0.1:{port}",
            "fs.azure.always.use.https": "false",
            "fs.azure.account.hns.enabled": "false",
            "fs.azure.fns.account.service.type": "BLOB",
            "fs.azure.networking.library": "JDK_HTTP_URL_CONNECTION",
            f"fs.azure.account.auth.type.{ABFS_HOST}": "SharedKey",
            f"fs.azure.account.key.{ABFS_HOST}": ACCOUNT_KEY,
        }


SPARK_3 = Runtime("Spark 3.5", ROOT / ".venv/bin", ROOT / ".local/spark.conf", "wasb")
SPARK_4 = Runtime("Spark 4.1", ROOT / ".venv-spark4/bin", ROOT / ".local/spark4/spark.conf", "abfs")


@dataclass(frozen=True)
class BlobPlace(Place):
    """Landing, lake and reports in one container; the warehouse and the outbox stay on this machine."""

    emulator: Emulator
    runtime: Runtime
    container: str

    @property
    def environ(self) -> dict[str, str]:
        address = self.runtime.address(self.container)
        return super().environ | {
            "COMPANY_ACTIVITY__LANDING__CONNECTION": self.emulator.connection,
            "COMPANY_ACTIVITY__LANDING__ROOT": f"{address}/landing",
            "COMPANY_ACTIVITY__LAKE__ROOT": f"{address}/lake",
            "COMPANY_ACTIVITY__REPORT__DIR": f"{address}/reports",
            "COMPANY_ACTIVITY__SPARK__PROPERTIES": str(self.properties()),
        }

    @property
    def settings(self) -> Settings:
        return load_settings(environ=self.environ)

    @property
    def landing(self) -> Storage:
        """The landing as Python opens it."""
        return open_storage(self.settings.landing)

    def properties(self) -> Path:
        """The runtime's properties, and what lets its driver find the emulator."""
        lines = [f"spark.hadoop.{key} {value}" for key, value in self.runtime.hadoop(self.emulator.port).items()]
        file = self.folder / "spark.conf"
        if not file.is_file():
            text = self.runtime.properties.read_text(encoding="utf-8")
            file.write_text("\n".join([text, *lines, ""]), encoding="utf-8")
        return file

    def drop_crm(self, *files: Path) -> None:
        """Let CRM files land."""
        for file in files:
            assert self.landing.create(f"raw/crm/{file.name}", [file.read_bytes()])

    def command(self, *arguments: str) -> str:
        """What a command prints, as a process of this runtime; it must end with 0."""
        return run_command(self.runtime.bin / "company-activity", *arguments, **self.environ)

    def upload(self, folder: Path) -> None:
        """Copy a place's landing and lake, file by file, without what its file system keeps for itself."""
        settings = self.settings
        whole = open_root(root_of(self.runtime.address(self.container)), settings.landing, settings.secrets)
        under = [file for root in ("landing", "lake") for file in sorted((folder / root).rglob("*"))]
        files = [file for file in under if file.is_file() and not file.name.startswith(".")]
        with ThreadPoolExecutor(UPLOADS) as workers:
            list(workers.map(lambda file: whole.create(str(file.relative_to(folder)), [file.read_bytes()]), files))
