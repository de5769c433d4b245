"""One target under libFuzzer, which keeps what reaches new code: `python -m reliability.fuzz.instrumented csv FOLDER 600`.

Needs atheris (`make fuzz` installs it). A failed check is noted in the folder, once for each place, and the search goes on.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

from reliability.fuzz.folder import Folder

OURS = ["company_activity.records", "company_activity.io.api", "company_activity.settings"]

with atheris.instrument_imports(include=OURS):
    from reliability.fuzz.chance import MOST_BYTES
    from reliability.fuzz.targets import TARGETS

MOST_SECONDS = 30  # of one input: more is a finding
MOST_MB = 3000


def main(name: str, folder: Folder, seconds: int) -> None:
    """Search for so many seconds; the process ends inside."""
    target = TARGETS[name]
    folder.begin(target.seeds(), target.words)

    def one(data: bytes) -> None:
        try:
            target.check(data)
        except Exception as failure:  # whatever it is: that is what is searched for
            folder.note(data, failure)

    limits = [
        f"-max_total_time={seconds}",
        f"-max_len={MOST_BYTES}",
        f"-timeout={MOST_SECONDS}",
        f"-rss_limit_mb={MOST_MB}",
    ]
    places = [f"-dict={folder.words}", f"-artifact_prefix={folder.found}/", str(folder.corpus), str(folder.seeds)]
    atheris.Setup([sys.argv[0], *limits, "-print_final_stats=1", *places], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Folder(Path(sys.argv[2])), int(sys.argv[3]))
