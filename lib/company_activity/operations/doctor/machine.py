"""The machine: Python and its packages, Java, disk and clock."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

import company_activity
from company_activity.errors import CompanyActivityError
from company_activity.io.lake.run_records import FOLDER, record_names
from company_activity.io.storage.folder import open_folder
from company_activity.io.warehouse.driver import numbers_in
from company_activity.operations.doctor.finding import Finding, not_looked_at
from company_activity.runtime.java import java_text
from company_activity.runtime.session import is_spark_there
from company_activity.settings.roots import root_of

if TYPE_CHECKING:
    from company_activity.run import Run
    from company_activity.settings.model import Settings

OLDEST_PYTHON = (3, 11)
WHEEL = "company-activity"
# Fabric 1.3's image has pandas, pyarrow and jsonschema of before our bounds.
NEW_ENOUGH = "use a Synapse pool of Spark 3.5 or Fabric Runtime 2.0 (1.3 is not supported), or upgrade them with pip"
GIB = 1 << 30
LEAST_FREE = GIB  # a day's pages and rows, and what Spark spills while it builds them
OUT_OF_STEP = timedelta(minutes=5)  # beyond it, Azure refuses tokens and signatures
RUN_ID = re.compile(r"(\d{8}T\d{6})Z-")


def check_python(_: None) -> Finding:
    """The interpreter is one that the wheel is made for."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return Finding("python", found)
    wanted = ".".join(map(str, OLDEST_PYTHON))
    return Finding("python", found, 2, f"use Python {wanted} or newer")


def check_packages(_: None) -> Finding:
    """Each package that the wheel requires is there, and new enough: a pool has them, and the wheel brings none."""
    try:
        bounds = re.findall(
            r"^([\w.-]+)>=([\d.]+)$", "\n".join(requires(WHEEL) or []), re.MULTILINE
        )
    except PackageNotFoundError:
        return not_looked_at("packages", "the library is used without being installed")
    behind = [told for name, oldest in bounds if (told := _behind(name, oldest))]
    if behind:
        return Finding("packages", "; ".join(behind), 2, NEW_ENOUGH)
    return Finding("packages", f"{len(bounds)}, each new enough")


def _behind(name: str, oldest: str) -> str:
    """What is to be told of a package that is older than the wheel requires, or not there; else nothing.

    >>> _behind("click", "1.0")
    ''
    >>> _behind("no-such-package", "1.0")
    'no-such-package is not installed, 1.0 or newer is needed'
    """
    try:
        found = version(name)
    except PackageNotFoundError:
        return f"{name} is not installed, {oldest} or newer is needed"
    return (
        ""
        if numbers_in(found) >= numbers_in(oldest)
        else f"{name} is {found}, {oldest} or newer is needed"
    )


def check_java(_: None) -> Finding:
    """There is a Java for a session that is started here."""
    if is_spark_there():
        return not_looked_at("java", "Spark is here already")
    return Finding("java", java_text())


def check_disk(run: Run) -> Iterator[Finding]:
    """Where files are written on this machine there is room, and we may write."""
    for names, folder in local_folders(run.settings).items():
        fault, remedy = _fault_of(folder)
        if fault:
            yield Finding("disk", f"{folder} ({names}): {fault}", 1, remedy)
        else:
            yield Finding("disk", f"{folder} ({names}): {_free(folder) / GIB:,.1f} GiB free")


def local_folders(settings: Settings) -> dict[str, Path]:
    """The folders of this machine that are written to, by their settings; those on one disk in one place are one."""
    roots = {
        "landing.root": "" if settings.landing.connection else settings.landing.root,
        "lake.root": settings.lake.root,
        "report.dir": settings.report.dir,
        "notify.file": settings.notify.file if "file" in settings.notify.channels else "",
    }
    found: dict[Path, list[str]] = {}
    for name, text in roots.items():
        root = root_of(text, name) if text else None
        if root and root.is_local:
            found.setdefault(_existing(Path(root.path)), []).append(name)
    found.setdefault(Path(tempfile.gettempdir()), []).append("temporary files")
    return {", ".join(names): folder for folder, names in found.items()}


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there: what is missing is made by a run."""
    return next(one for one in (folder, *folder.parents) if os.path.lexists(one))


def _fault_of(folder: Path) -> tuple[str, str]:
    """What keeps us from writing there, and the remedy; empty texts where nothing does."""
    if folder.is_symlink() and not folder.exists():
        return "a link to nothing", "make what it leads to, or name another folder"
    if not folder.is_dir():
        return "no folder", "name a folder, or move away what stands there"
    if not os.access(folder, os.W_OK | os.X_OK):
        return "we may not write", f"give {_who()} the right to write there"
    status = os.statvfs(folder)
    if status.f_flag & os.ST_RDONLY:
        return "mounted read-only", "mount it for writing, or name another folder"
    if status.f_files and not status.f_favail:
        return "the disk takes no more files", "delete old files there, or name another disk"
    if status.f_blocks and _free(folder) < LEAST_FREE:
        free = f"the disk is nearly full: {_free(folder) / (1 << 20):,.0f} MiB free"
        return free, f"free {LEAST_FREE >> 20:,} MiB there, or name another disk"
    return "", ""


def _free(folder: Path) -> int:
    """Bytes that we may still write."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def _who() -> str:
    return f"user {os.getuid()}" if hasattr(os, "getuid") else "this user"


def check_clock(run: Run) -> Finding:
    """The clock is not behind what has happened for sure: a run that is recorded, and the making of this library.

    Which dates are over hangs on it, and so do tokens and certificates.
    """
    now = run.clock()
    made = datetime.fromtimestamp(Path(company_activity.__file__).stat().st_mtime, UTC)
    past = {"this library was made": made, "a run began": newest_run(run)}
    for what, moment in past.items():
        if moment and moment - now > OUT_OF_STEP:
            told = f"it is {now:%Y-%m-%d %H:%M} UTC by the clock, and {what} on {moment:%Y-%m-%d %H:%M}"
            return Finding("clock", told, 1, "set this machine's clock, and let it follow NTP")
    return Finding("clock", f"{now:%Y-%m-%d %H:%M} UTC, not behind the newest run")


def newest_run(run: Run) -> datetime | None:
    """When the newest recorded run began, by the name of its record."""
    names: list[str] = []
    with suppress(CompanyActivityError):  # `check_lake` tells it
        names = record_names(open_folder(run.lake.files, FOLDER))
    found = RUN_ID.match(names[0]) if names else None
    return datetime.strptime(f"{found[1]}+0000", "%Y%m%dT%H%M%S%z") if found else None
