"""How a program tells what its work took: CPU seconds of its tree, wall seconds, and what it found."""

from __future__ import annotations

import json
import time
from typing import Any

from support.processes.cpu import cpu_seconds


class Stopwatch:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._cpu = cpu_seconds()
        self._wall = time.perf_counter()

    def tell(self, **found: Any) -> None:
        """Print what was measured as the last line."""
        cpu = cpu_seconds() - self._cpu
        wall = time.perf_counter() - self._wall
        print(json.dumps({"cpu": cpu, "wall": wall, **found}), flush=True)
