"""A process that stops at the rename to one file until it may go on: a commit that is held back where it happens.

Delta on a disk looks whether a commit is there, then renames its own to that name. Between the two there is a moment, which
is too short for a test to meet by chance. So a small library, loaded before all others, stops a process in it.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from support.processes.leased_run import GOES, STANDS

SOURCE = f"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int rename(const char *from, const char *to) {{
    int (*real)(const char *, const char *) = (int (*)(const char *, const char *)) dlsym(RTLD_NEXT, "rename");
    const char *held = getenv("HELD_RENAME"), *marks = getenv("HELD_MARKS");
    char path[4096];
    if (held && marks && !strcmp(to, held)) {{
        snprintf(path, sizeof path, "%s/{STANDS}", marks);
        close(open(path, O_CREAT | O_WRONLY, 0644));
        snprintf(path, sizeof path, "%s/{GOES}", marks);
        while (access(path, F_OK)) usleep(20000);
    }}
    return real(from, to);
}}
"""


def library(folder: Path) -> Path:
    """The library; the test is skipped where there is no C compiler."""
    if shutil.which("cc") is None:
        pytest.skip("NO C COMPILER: a lost commit is NOT shown; install it with: apt-get install gcc")
    source = folder / "held_rename.c"
    source.write_text(SOURCE, encoding="utf-8")
    made = folder / "held_rename.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"], check=True)
    return made


def held_at(library: Path, to: Path, marks: Path) -> dict[str, str]:
    """The environment of a command that stops at each rename to a file, until it may go."""
    return {"LD_PRELOAD": str(library), "HELD_RENAME": str(to), "HELD_MARKS": str(marks)}
