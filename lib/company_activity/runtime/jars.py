"""The jars of a local session, as files: which there are, whether they are whole, and which version each is."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

VERSION_IN_NAME = re.compile(r"-(\d[\w.]*?)\.jar$")
VERSIONS = ("Implementation-Version", "Bundle-Version", "Specification-Version")
PROPERTY = re.compile(r"^\s*([^#!\s=:][^\s=:]*)\s*[=:\s]\s*(.*?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Jar:
    """A jar file."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_whole(self) -> bool:
        """Whether it is there and can be opened: a download that was cut has no directory at its end."""
        return self.path.is_file() and zipfile.is_zipfile(self.path)

    def holds(self, java_class: str) -> bool:
        """Whether the class is in it."""
        with zipfile.ZipFile(self.path) as content:
            return f"{java_class.replace('.', '/')}.class" in content.NameToInfo

    @property
    def version(self) -> str:
        """As its manifest says it, else as its name does; empty where neither does."""
        manifest = self._manifest()
        found = VERSION_IN_NAME.search(self.name)
        named = found[1] if found else ""
        return next((manifest[name] for name in VERSIONS if manifest.get(name)), named)

    def _manifest(self) -> dict[str, str]:
        with zipfile.ZipFile(self.path) as content:
            if "META-INF/MANIFEST.MF" not in content.NameToInfo:
                return {}
            text = content.read("META-INF/MANIFEST.MF").decode("utf-8", "replace")
        lines = re.sub(r"\r?\n ", "", text).splitlines()  # a long line goes on behind a blank
        return {
            name: value for name, colon, value in (line.partition(": ") for line in lines) if colon
        }


def properties_in(text: str) -> dict[str, str]:
    """What a properties file sets.

    >>> properties_in("# a comment\\nspark.master  local[*]\\nspark.ui.enabled=false")
    {'spark.master': 'local[*]', 'spark.ui.enabled': 'false'}
    """
    return {found[1]: found[2] for found in PROPERTY.finditer(text)}


def listed_jars(properties: Mapping[str, str]) -> list[Jar]:
    """The jars that `spark.jars` names on this machine; what it names elsewhere is fetched by Spark.

    >>> listed_jars({"spark.jars": "file:/a/x.jar, /a/y.jar,https://repo.example/z.jar"})
    [Jar(path=PosixPath('/a/x.jar')), Jar(path=PosixPath('/a/y.jar'))]
    """
    named = [text.strip() for text in properties.get("spark.jars", "").split(",")]
    paths = [re.sub(r"^(file|local):/+", "/", text) for text in named]
    return [Jar(Path(path)) for path in paths if path.startswith("/")]


def pyspark_jars() -> list[Jar]:
    """The jars that the installed pyspark brings, with what somebody has put beside them."""
    spec = find_spec("pyspark")
    folders = [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []
    return [Jar(path) for folder in folders for path in sorted((folder / "jars").glob("*.jar"))]


def holding(java_class: str, jars: Iterable[Jar], hint: str = "") -> Iterator[Jar]:
    """The jars that hold a class; only those are opened whose name has the hint in it."""
    for jar in jars:
        if hint in jar.name and jar.is_whole and jar.holds(java_class):
            yield jar
