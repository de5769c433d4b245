"""Which failures say that an old version of a Delta table is gone, and which say nothing of the kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

NO_SUCH_VERSION = "VersionNotFoundException"  # Delta 3; Delta 4 has the error class as well
GONE = frozenset(
    {
        "DELTA_VERSION_NOT_FOUND",
        "DELTA_NO_RECREATABLE_HISTORY_FOUND",
        "DELTA_TRUNCATED_TRANSACTION_LOG",
        "DELTA_LOG_FILE_NOT_FOUND",
        "DELTA_FILE_NOT_FOUND",
        "DELTA_FILE_NOT_FOUND_DETAILED",
        "DELTA_UNSUPPORTED_TIME_TRAVEL_BEYOND_DELETED_FILE_RETENTION_DURATION",
        "PATH_NOT_FOUND",
        "FAILED_READ_FILE.FILE_NOT_EXIST",
        "FAILED_READ_FILE.DBR_FILE_NOT_EXIST",
    }
)
NO_FILE = ("FileNotFoundException", "NoSuchFileException")
# Java calls it "file not found" too where it may not open a file, or has too many open: only the words tell.
NOT_THERE = re.compile(
    r"\b(path|file|blob)\b.* does not exist|no such file|file not found:", re.IGNORECASE
)
# Over Spark Connect nothing is thrown here: the server sends the words, behind the names of classes.
SENT_NO_FILE = re.compile(
    r"(FileNotFoundException|NoSuchFileException|FILE_NOT_EXIST)\b[):\]]*\s*(?P<words>.*)"
)
SENT_NO_VERSION = re.compile(r"Cannot time travel Delta table to version \d+\.")
LOG_FOLDER = re.compile(r"/_delta_log/?(\s|$)")


def is_version_gone(error: BaseException) -> bool:
    """Whether a failed read says that the version's log or a file of it is no longer there.

    A throttled, refused or broken read is not that, nor is a table whose whole log is missing.
    """
    thrown = [link for raised in _raised(error) for link in _causes(raised)]
    if not thrown:
        return any(_was_sent_as_gone(raised) for raised in _raised(error))
    missing = [link for link in thrown if _name(link).endswith(NO_FILE)]
    if missing:
        return all(_says_not_there(_message(link)) for link in missing)
    return any(_name(link) == NO_SUCH_VERSION or _error_class(link) in GONE for link in thrown)


def _was_sent_as_gone(error: BaseException) -> bool:
    """Whether what a Spark Connect server sent says so."""
    if not type(error).__module__.startswith("pyspark.errors.exceptions.connect"):
        return False
    return error.getErrorClass() in GONE or _tells_gone(str(error))  # type: ignore[attr-defined]


def _tells_gone(words: str) -> bool:
    """Whether the words of a Spark Connect server say so.

    >>> _tells_gone("Job aborted: org.apache.spark.SparkFileNotFoundException: File file:/a does not exist")
    True
    >>> _tells_gone("Cannot time travel Delta table to version 5. Available versions: [7, 9].")
    True
    >>> _tells_gone("(org.apache.hadoop.fs.azure.AzureException) 503 Server busy")
    False
    """
    found = SENT_NO_FILE.search(words)
    return _says_not_there(found["words"]) if found else bool(SENT_NO_VERSION.search(words))


def _says_not_there(message: str) -> bool:
    """Whether a "file not found" means that.

    >>> _says_not_there("File abfss://lake@a.net/dim/part-0.parquet does not exist")
    True
    >>> _says_not_there("/lake/dim/part-0.parquet (Permission denied)")
    False
    """
    first = message.strip().split("\n", 1)[0]
    return bool(NOT_THERE.search(first)) and not LOG_FOLDER.search(first)


def _raised(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _causes(error: BaseException) -> Iterator[Any]:
    """What the JVM threw behind a Python error, the outermost first."""
    thrown = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    while thrown is not None:
        yield thrown
        thrown = thrown.getCause()


def _name(thrown: Any) -> str:
    return str(thrown.getClass().getSimpleName())


def _message(thrown: Any) -> str:
    return str(thrown.getMessage() or "")


def _error_class(thrown: Any) -> str:
    """Spark 3 calls it error class, Spark 4 condition; other exceptions have neither."""
    for method in ("getCondition", "getErrorClass"):
        if any(found.getName() == method for found in thrown.getClass().getMethods()):
            return str(getattr(thrown, method)() or "")
    return ""


def names_of(error: BaseException) -> set[str]:
    """The classes of an error and of what it was raised from, and those of what the JVM threw behind them."""
    raised = list(_raised(error))
    names = {kind.__name__ for one in raised for kind in type(one).__mro__}
    return names | {_name(link) for one in raised for link in _causes(one)}


def codes_of(error: BaseException) -> set[str]:
    """The error classes that Spark gave to them; a client without a JVM of its own is told nothing else."""
    codes = set()
    for one in _raised(error):
        told = getattr(one, "getErrorClass", None)
        codes.add(str((told and told()) or ""))
        codes.update(_error_class(link) for link in _causes(one))
    return codes
