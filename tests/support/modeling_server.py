"""Microsoft's Power BI modeling server as a process: it loads TMDL by the library that Power BI itself loads it by."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

PROTOCOL = "2024-11-05"


@dataclass
class ModelingServer:
    """Requests as JSON lines to the process, each with its answer."""

    to: IO[str]
    back: IO[str]
    asked: int = field(default=0)

    def tell(self, method: str, parameters: dict[str, Any], **more: Any) -> None:
        self.to.write(json.dumps({"jsonrpc": "2.0", "method": method, "params": parameters} | more) + "\n")
        self.to.flush()

    def ask(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self.asked += 1
        self.tell(method, parameters, id=self.asked)
        for line in self.back:
            answer: dict[str, Any] = json.loads(line)
            if answer.get("id") == self.asked:
                return dict(answer["result"])
        raise AssertionError("the server ended without an answer")

    def tool(self, name: str, **request: Any) -> dict[str, Any]:
        """What a tool answers.

        Raises:
            ValueError: if it refuses, in its own words.
        """
        result = self.ask("tools/call", {"name": name, "arguments": {"request": request}})
        text = "".join(part["text"] for part in result["content"])
        if result.get("isError"):
            raise ValueError(text)
        return dict(json.loads(text))


@contextmanager
def modeling_server(executable: str, home: Path) -> Iterator[ModelingServer]:
    """The server, read-only and with a home of its own; ended afterwards."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    with subprocess.Popen(
        [executable, "--start", "--readonly"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            server = ModelingServer(process.stdin, process.stdout)
            client = {"name": "company-activity", "version": "1"}
            server.ask("initialize", {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": client})
            server.tell("notifications/initialized", {})
            yield server
        finally:
            process.kill()
