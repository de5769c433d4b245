"""Delta as far as two runs meet in it: a log of numbered commits, transactions of an app, conflicts. Rows are by date.

The real `Lake` works on it. A commit's file holds the whole table beside what a real one has.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from company_activity.io.lake.delta import Lake

Rows = dict[str, str]
Pause = Callable[[], None]


class ConcurrentTransactionException(Exception):
    """As Delta names it: the app has committed since the table was looked at."""


class FakeTable:
    """A table's log in a folder, and what a commit to it does."""

    def __init__(self, uri: str) -> None:
        self.folder = Path(uri.removeprefix("file:"), "_delta_log")

    @property
    def version(self) -> int:
        return len(list(self.folder.glob("*.json"))) - 1

    def rows(self, version: int) -> Rows:
        return dict(self._commit(version)["rows"]) if version >= 0 else {}

    def transaction(self, first: int, last: int) -> int:
        """The greatest transaction of the commits from one version to another; −1 without any."""
        found = [self._commit(version).get("txn", {"version": -1}) for version in range(first, last + 1)]
        return max((txn["version"] for txn in found), default=-1)

    def write(self, version: int, rows: Rows, **actions: Any) -> None:
        """A commit; its version must be free, as a store with create-only files sees to it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        actions["rows"] = rows
        lines = [json.dumps({name: value}, separators=(",", ":")) for name, value in actions.items()]
        with (self.folder / f"{version:020}.json").open("x", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def _commit(self, version: int) -> dict[str, Any]:
        text = (self.folder / f"{version:020}.json").read_text(encoding="utf-8")
        return {name: value for line in text.splitlines() for name, value in json.loads(line).items()}


class FakeFrame:
    """Rows by date; as a writer, what is to become of them."""

    def __init__(self, rows: Rows, pause: Pause) -> None:
        self.rows = rows
        self._pause = pause
        self._options: dict[str, Any] = {}

    @property
    def write(self) -> FakeFrame:
        return self

    def select(self, *columns: object) -> FakeFrame:
        return self

    def repartition(self, *columns: str) -> FakeFrame:
        return self

    def format(self, name: str) -> FakeFrame:
        return self

    def mode(self, name: str) -> FakeFrame:
        return self

    def option(self, name: str, value: Any) -> FakeFrame:
        self._options[name] = value
        return self

    def options(self, **given: Any) -> FakeFrame:
        self._options |= given
        return self

    def save(self, uri: str) -> None:
        """Commit as Delta does: skipped if the transaction is known, refused if the app commits meanwhile."""
        table = FakeTable(uri)
        self._pause()
        seen = table.version
        txn = {"appId": self._options["txnAppId"], "version": self._options["txnVersion"]}
        if table.transaction(0, seen) >= txn["version"]:
            return
        self._pause()
        if table.transaction(seen + 1, table.version) >= 0:
            raise ConcurrentTransactionException(uri)
        kept = table.rows(table.version)
        for day in json.loads(self._options.get("replaceWhere", "[]")):
            kept.pop(day, None)
        info = {"userMetadata": self._options["userMetadata"]}
        table.write(table.version + 1, kept | self.rows, commitInfo=info, txn=txn)


class FakeSession:
    """A session and its reader."""

    def __init__(self, pause: Pause) -> None:
        self.pause = pause
        self._version = -1

    @property
    def read(self) -> FakeSession:
        return FakeSession(self.pause)

    def format(self, name: str) -> FakeSession:
        return self

    def option(self, name: str, value: int) -> FakeSession:
        self._version = value
        return self

    def load(self, uri: str) -> FakeFrame:
        self.pause()
        return FakeFrame(FakeTable(uri).rows(self._version), self.pause)

    def createDataFrame(self, rows: Mapping[str, str], schema: object = None) -> FakeFrame:  # noqa: N802
        return FakeFrame(dict(rows), self.pause)

    def sql(self, statement: str) -> None:
        """A table is made by a statement; nothing else is said in SQL here."""
        _, uri, _ = statement.split("`", 2)
        self.pause()
        table = FakeTable(uri)
        if table.version < 0:
            table.write(0, {}, metaData={"id": f"id of {uri}"})


class FakeLake(Lake):
    """The real lake on the fake tables; another run may come in whenever it looks at a log."""

    def __init__(self, root: Path, pause: Pause) -> None:
        super().__init__(str(root), lambda: FakeSession(pause))  # type: ignore[arg-type, return-value]
        self._pause = pause

    def log(self, table: Any) -> Any:
        if table.path not in self._logs:
            self._pause()
            found = super().log(table)
            found.number  # noqa: B018 - listed and read now: nothing of it is read later
            found.identity  # noqa: B018
        return super().log(table)

    def _extend(self, table: Any) -> None:
        self._pause()  # the fake tables have one declaration
