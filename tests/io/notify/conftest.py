"""What the tests of messages share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from company_activity.io.notify.message import Message
from company_activity.settings.model import NotifySettings

from support.report.receivers import HttpReceiver, http_receiver
from support.report.reports import HOSTILE

SECRETS = ("s3cret", "workflows", "hunter2")


@pytest.fixture
def message() -> Message:
    """A failed run."""
    return Message(
        run_id="20251124T030000Z-abc123",
        event="failed",
        environment="synapse",
        command="run 2025-11-23",
        dates="2025-11-23",
        began_at="2025-11-24T03:00:00+00:00",
        seconds=61.4,
        exit_code=4,
        failed_step="stage_usage",
        error="GateRefused: gate volume on 2025-11-23: found 812, wanted 1640",
        remedy="fetch the date again",
        counts={"ingest_usage": {"dates_fetched": 1, "records_landed": 3356}},
        gates=("volume on 2025-11-23 refused: found 812, wanted 1640",),
        gates_passed=3,
        warnings=("CRM files carry columns that are not read: segment",),
        churn_risks=8,
        risks_on="2025-11-22",
        report="https://reports.example/20251124T030000Z-abc123.html",
    )


@pytest.fixture
def hostile(message: Message) -> Message:
    """The same, with everything that comes from outside hostile and endless."""
    text = f"[click](javascript:alert(1)) **bold** \r\nBcc: evil@example.com\r\n\r\n{HOSTILE}" + "😀\x00<" * 20_000
    return Message(
        **{**message.as_json(), "error": text, "remedy": text, "warnings": (text,) * 500, "gates": (text,) * 500}
    )


@pytest.fixture
def receive() -> Iterator[Callable[..., HttpReceiver]]:
    """Starts HTTP receivers; all are stopped at the end."""
    with ExitStack() as stack:
        yield lambda *answers, **more: stack.enter_context(http_receiver([*answers] or [202], **more))


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    """A certificate authority that nobody trusts unless told to."""
    return trustme.CA()


@pytest.fixture
def trusted(ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The same, as an administrator makes requests and ssl trust it."""
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(variable, str(tmp_path / "ca.pem"))
    return ca


@pytest.fixture
def settings() -> Callable[..., NotifySettings]:
    """Settings with one attempt and a short timeout."""
    return lambda **more: NotifySettings(**{"timeout_seconds": 2.0, "max_attempts": 1, **more})


def holds_no_secret(text: Any) -> bool:
    return not [secret for secret in SECRETS if secret in str(text)]
