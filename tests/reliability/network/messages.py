"""One message of a run, sent over a broken wire and again over a whole one: what both rows of messages ask."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from company_activity.io.notify.channel import Channel
from company_activity.io.notify.deliver import deliver
from company_activity.io.notify.message import Message
from company_activity.io.notify.outbox import Outbox
from company_activity.settings.model import NotifySettings

from reliability.network.broken_wire import BrokenWire, Fault
from reliability.network.logged import logged

NOW = datetime(2025, 11, 24, 4, tzinfo=UTC)
WEEK = timedelta(days=7)
LONGEST = 2.0 * 3 + 5
MESSAGE = Message(
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
    churn_risks=8,
    risks_on="2025-11-22",
    report="https://reports.example/20251124T030000Z-abc123.html",
)


def in_a_hurry(settings: NotifySettings) -> NotifySettings:
    """The same with little time: what a fault costs is then soon seen."""
    return replace(settings, timeout_seconds=0.5, time_budget_seconds=2.0, max_attempts=2)


def judge(
    name: str,
    channel: Channel,
    wire: BrokenWire,
    fault: Fault,
    folder: Path,
    taken: Callable[[], Sequence[bytes]],
    secrets: Sequence[str],
) -> str:
    """Send the message with the fault, then without: it comes, and if twice, then the same to the byte."""
    outbox = Outbox(str(folder))
    outbox.put(MESSAGE, name)
    wire.break_by(fault)
    began = time.monotonic()
    with logged() as lines:
        first = deliver(outbox, {name: channel}, NOW, WEEK)
    seconds = time.monotonic() - began
    assert seconds < LONGEST, f"{seconds:.1f} s"
    assert len(first.sent) + len(first.kept) == 1, first
    assert not [secret for secret in secrets if secret in f"{first}{lines}"], (first, lines)
    if first.sent:
        assert len(taken()) >= 1, "said that it was sent"
    was_reached = wire.is_struck
    wire.break_by(None)
    second = deliver(outbox, {name: channel}, NOW, WEEK)
    assert len(second.sent) == len(first.kept), second
    assert list(outbox.pending()) == []
    assert len(set(taken())) == 1, f"{len(set(taken()))} different messages came"
    times = f"came {'once' if len(taken()) == 1 else 'again, the same'}"
    return f"{'sent' if first.sent else 'kept'}, {times}" if was_reached else "not reached"
