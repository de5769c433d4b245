"""The lock files: which environments there are, and what each may hold."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from reliability.harness.kept import ROOT

LOCKS = ROOT / "conf" / "locks"
# As the Makefile's LOCKED has it: by lock, the extras of setup.cfg that the environment has.
EXTRAS = {
    "run": ("local",),
    "java": ("local", "java"),
    "dev": ("local", "dev"),
    "spark4": ("spark4", "dev"),
    "deploy": ("deploy",),
    "bench": ("bench",),
    "fuzz": ("fuzz",),
    "supply": ("supply",),
}
PINNED = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))?(?P<hashes>(?: \\\n +--hash=\S+)*)$"
)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True)
class Locked:
    """A line of a lock: a package in one version, for the platforms of the marker, with its files' sha256."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    @property
    def is_here(self) -> bool:
        """Whether this Python, on this platform, installs it."""
        return not self.marker or Marker(self.marker).evaluate()


def locked(lock: str) -> list[Locked]:
    """What a lock holds.

    Raises:
        ValueError: if a line is no package in one version.
    """
    text = (LOCKS / f"{lock}.txt").read_text("utf-8")
    lines = [line for line in re.split(r"\n(?!\s)", text.strip()) if not line.startswith("#")]
    return [_locked(line) for line in lines]


def _locked(line: str) -> Locked:
    found = PINNED.match(line)
    if found is None:
        raise ValueError(f"no package in one version: {line}")
    hashes = tuple(HASH.findall(found["hashes"]))
    return Locked(canonicalize_name(found["name"]), found["version"], (found["marker"] or "").strip(), hashes)


def installed(lock: str) -> dict[str, Locked]:
    """What this Python installs of a lock, by name."""
    return {one.name: one for one in locked(lock) if one.is_here}


def required(lock: str) -> Iterator[Requirement]:
    """What setup.cfg asks for in an environment."""
    declared = configparser.ConfigParser()
    declared.read(ROOT / "setup.cfg", "utf-8")
    texts = [declared["options"]["install_requires"]]
    texts += [declared["options.extras_require"][extra] for extra in EXTRAS[lock]]
    for line in "\n".join(texts).splitlines():
        if line.strip() and not line.strip().startswith("#"):
            yield Requirement(line.strip())
