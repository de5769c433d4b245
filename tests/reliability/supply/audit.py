"""Ask whether a locked package has a known vulnerability: `make audit`.

1 if one has; 0 if none has, and also where nobody could be asked, which is said loudly: an audit must not stop work without a network.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from reliability.supply.locks import LOCKS

AUDITOR = Path(sys.executable).parent / "pip-audit"
OPTIONS = ("--disable-pip", "--no-deps", "--require-hashes", "--progress-spinner", "off", "--timeout", "20")
VULNERABLE = "Found "  # how pip-audit begins to say that it found something
NOT_ASKED = "NOT ASKED: {name}: nobody could say what is known of it: {why}"


def main(auditor: Path = AUDITOR, names: tuple[str, ...] = ()) -> int:
    """Ask for each lock."""
    chosen = names or tuple(sorted(path.stem for path in LOCKS.glob("*.txt")))
    outcomes = [audited(name, auditor) for name in chosen]
    asked = sum(outcome is not None for outcome in outcomes)
    print(f"{asked} of {len(chosen)} locks were asked about, {outcomes.count(True)} have something known against them")
    return 1 if True in outcomes else 0


def audited(name: str, auditor: Path) -> bool | None:
    """Whether something is known against a lock; None where nobody could be asked."""
    command = [str(auditor), *OPTIONS, "-r", str(LOCKS / f"{name}.txt")]
    try:
        ran = subprocess.run(command, capture_output=True, text=True)
    except OSError as missing:
        print(NOT_ASKED.format(name=name, why=missing), file=sys.stderr)
        return None
    if ran.returncode == 0:
        print(f"{name}: nothing known")
        return False
    if any(line.startswith(VULNERABLE) for line in ran.stderr.splitlines()):
        print(f"{name}:\n{ran.stdout}")
        return True
    why = ran.stderr.strip().rpartition("\n")[2] or "it said nothing"
    print(NOT_ASKED.format(name=name, why=why), file=sys.stderr)
    return None


if __name__ == "__main__":
    sys.exit(main())
