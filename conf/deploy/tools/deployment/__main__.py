"""`check` the deployment files, or `generate` those of them that are generated."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from deployment.fault import Fault
from deployment.platforms import CHECKS, DEPLOY, GENERATED

USAGE = "usage: python -m deployment check | generate"


def main(arguments: Sequence[str]) -> int:
    """Run a command: 0 done, 1 faults found, 2 no such command."""
    match list(arguments):
        case ["check"]:
            return check()
        case ["generate"]:
            return generate()
    print(USAGE, file=sys.stderr)
    return 2


def check() -> int:
    """Print each platform's faults; 1 if there are any."""
    faults = 0
    for name, check_folder in CHECKS.items():
        found = [*check_folder(DEPLOY / name), *stale(name, DEPLOY / name)]
        print(f"{name:<12} {len(found)} faults")
        for fault in sorted(found):
            print(f"  {fault}")
        faults += len(found)
    return 1 if faults else 0


def stale(name: str, folder: Path) -> Iterator[Fault]:
    """Generated files that are not as they would be generated now."""
    files = GENERATED[name]() if name in GENERATED else {}
    for path, text in files.items():
        file = folder / path
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            yield Fault(path, "", "is not as it is generated: make deploy-files")


def generate() -> int:
    """Write every generated file; say which changed."""
    for name, files in GENERATED.items():
        for path, text in files().items():
            file = DEPLOY / name / path
            if file.is_file() and file.read_text(encoding="utf-8") == text:
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            print(f"wrote {name}/{path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
