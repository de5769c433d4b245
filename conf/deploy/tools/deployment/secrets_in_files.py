"""Shapes of secrets: no file that is deployed holds one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from deployment.fault import Fault

SECRETS = {
    "an account key": re.compile(r"AccountKey=|[A-Za-z0-9+/]{86}=="),
    "a shared access signature": re.compile(r"[?&]sig=|SharedAccessSignature", re.IGNORECASE),
    "a password": re.compile(
        r"(password|pwd)\"?\s*[=:]\s*\"?(?!secret://)[^\s\"<;]", re.IGNORECASE
    ),
    "a token": re.compile(
        r"\beyJ[A-Za-z0-9_-]{20,}|\bdapi[0-9a-f]{32}|\bgh[pousr]_[A-Za-z0-9]{36}"
    ),
    "a webhook's address": re.compile(r"https://[^\s\"]*(webhook|/workflows/)", re.IGNORECASE),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "an encrypted credential": re.compile(r"encryptedCredential|SecureString", re.IGNORECASE),
}
# Made by Python, and by the command line of Databricks; neither is in Git.
NOT_OURS = {"__pycache__", ".databricks"}


def secret_faults(folder: Path) -> Iterator[Fault]:
    """Each file that holds what looks like a secret."""
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or NOT_OURS.intersection(file.parts):
            continue
        text = file.read_text(encoding="utf-8")
        for name, shape in SECRETS.items():
            if found := shape.search(text):
                line = text[: found.start()].count("\n") + 1
                yield Fault(file.relative_to(folder).as_posix(), f"line {line}", f"holds {name}")
