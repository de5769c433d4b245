"""The sha256 of each jar that `jars.yaml` brings, ours and what those need: what was fetched is compared with it.

`make jar-digests` writes the list from what is fetched now; whoever changes `jars.yaml` runs it, and reads the diff.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from company_activity.errors import RuntimeMissing
from company_activity.settings.loading import conf_dir

WRITE_IT = (
    "if conf/spark/jars.yaml was changed on purpose, run `make jar-digests` and read its diff"
)

Digests = Mapping[str, str]  # sha256 by the name of the file


def digests_file() -> Path:
    """In the format of `sha256sum`."""
    return conf_dir(os.environ) / "spark" / "jars.sha256"


def known_digests() -> Digests:
    """What each jar must be.

    Raises:
        RuntimeMissing: if there is no list.
    """
    try:
        text = digests_file().read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RuntimeMissing(
            f"no {digests_file()}: what the jars must be is not known", remedy=WRITE_IT
        ) from None
    return {name: digest for digest, name in (line.split() for line in text.splitlines())}


def check_jars(jars: Iterable[Path], known: Digests) -> None:
    """See that each jar is, to the byte, the one that was listed.

    Raises:
        RuntimeMissing: for the first that is another, or is not listed.
    """
    for jar in jars:
        expected = known.get(jar.name)
        if expected is None:
            raise RuntimeMissing(f"{jar} is not in {digests_file()}", remedy=WRITE_IT)
        found = digest_of(jar)
        if found != expected:
            raise RuntimeMissing(
                f"{jar} is not the jar that was listed: its sha256 is {found}, and should be {expected}",
                remedy=f"remove {jar.parents[1]} and run again; if it says the same, do not trust where it came from",
            )


def digest_of(jar: Path) -> str:
    """The sha256 of a file, in hexadecimal digits."""
    with jar.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def mark_of(known: Digests) -> str:
    """What stands for a list: jars that were compared with the same one are not compared again."""
    lines = "".join(f"{name} {known[name]}\n" for name in sorted(known))
    return hashlib.sha256(lines.encode()).hexdigest()


def text_of(jars: Iterable[Path]) -> str:
    """The list of these jars."""
    named = {jar.name: digest_of(jar) for jar in jars}
    return "".join(f"{named[name]}  {name}\n" for name in sorted(named))
