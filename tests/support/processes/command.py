"""A command as a process of its own, in an environment of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def run_command(*command: str | Path, **environ: str) -> str:
    """What a command prints; it must end well. No setting of this process's Spark reaches it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYSPARK_", "SPARK_"))}
    done = subprocess.run(command, env=kept | environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return done.stdout
