"""Tell whoever should know how the run ended, and what earlier runs could not tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from company_activity.errors import CompanyActivityError, Undelivered
from company_activity.io.lake.run_records import run_records
from company_activity.io.notify.channel import Channel, NotSent
from company_activity.io.notify.channels import open_channels
from company_activity.io.notify.deliver import Delivery, deliver, sent
from company_activity.io.notify.message import Message
from company_activity.io.notify.outbox import Outbox, Pending
from company_activity.report.model import StepReport

if TYPE_CHECKING:
    from company_activity.run import Run

LOOKED_BACK = 50
MOST_TOLD = 5
ALONE = ("write_report", "notify")


def notify(run: Run, *, holds_lake: bool = True) -> StepReport:
    """Send one message per channel about a run that changed anything or failed, and those that are still undelivered.

    On its own it tells of the newest recorded run of these dates, unless that was told. What does not go out is
    handed back as Undelivered, and kept for the next run. A run that does not hold the lake leaves alone what the
    outbox holds: the one that does may be sending it.
    """
    settings = run.settings
    channels = open_channels(settings.notify, settings.secrets, settings.landing)
    send = through_outbox if holds_lake else past_outbox
    return report_of(*send(run, what_to_tell(run), channels))


def through_outbox(
    run: Run, message: Message | None, channels: Mapping[str, Channel]
) -> tuple[Delivery, str]:
    """Keep the message, then send all that is kept; what became of it, and the remedy for what stays."""
    try:
        outbox = Outbox(run.lake.files)
        if message:
            for channel in channels:
                outbox.put(message, channel)
        delivery = deliver(outbox, channels, run.now, timedelta(days=run.settings.notify.keep_days))
        return delivery, kept_in(outbox)
    except (
        CompanyActivityError
    ) as broken:  # the very store may be what failed: say so as long as anybody hears
        delivery, _ = sent_at_once(message, channels)
        delivery.kept.append(f"the outbox cannot be used: {broken.what}")
        return delivery, broken.remedy


def past_outbox(
    run: Run, message: Message | None, channels: Mapping[str, Channel]
) -> tuple[Delivery, str]:
    """Send the message, then note where it went, and keep it for the next run where it did not."""
    delivery, unsent = sent_at_once(message, channels)
    remedy = ""
    if message is None:
        return delivery, remedy
    try:
        outbox = Outbox(run.lake.files)
        for channel in channels:
            if channel in unsent:
                outbox.put(message, channel)
            else:
                outbox.close(Pending.of(message, channel), run.now, "sent past the outbox")
        remedy = kept_in(outbox)
    except CompanyActivityError as broken:
        if unsent:
            delivery.kept.append(f"the outbox cannot be used: {broken.what}")
            remedy = broken.remedy
    return delivery, remedy


def kept_in(outbox: Outbox) -> str:
    return f"kept in {outbox.place}: the next run sends it, or company-activity notify"


def report_of(delivery: Delivery, remedy: str) -> StepReport:
    """What went out and what did not; an Undelivered error where anything stays."""
    warnings = [f"a message was given up: {one}" for one in delivery.given_up]
    if delivery.kept:
        counts = {"sent": len(delivery.sent), "undelivered": len(delivery.kept)}
        error = Undelivered("; ".join(delivery.kept[:MOST_TOLD]), remedy=remedy)
        return StepReport("notify", "failed", counts, delivery.sent, warnings, error)
    if not delivery.sent:
        return StepReport("notify", "nothing", notes=["nothing to send"], warnings=warnings)
    return StepReport("notify", "done", {"sent": len(delivery.sent)}, delivery.sent, warnings)


def what_to_tell(run: Run) -> Message | None:
    """This run's message; where no other step ran, that of the newest record of its dates."""
    report, environment = run.report, run.settings.environment
    if any(step.name not in ALONE for step in report.steps):
        has_news = report.has_changed_something or report.first_failure
        return Message.of_record(report.as_json(), environment) if has_news else None
    asked = {str(day) for day in run.dates}
    for record in run_records(run.lake.files, LOOKED_BACK):
        is_asked = record["from"] and any(record["from"] <= day <= record["to"] for day in asked)
        did_work = any(step["name"] not in ALONE for step in record["steps"])
        if is_asked and did_work:
            has_news = record["has_changed_something"] or record["exit_code"]
            return Message.of_record(record, environment) if has_news else None
    return None


def sent_at_once(
    message: Message | None, channels: Mapping[str, Channel]
) -> tuple[Delivery, list[str]]:
    """The message on every channel, with nothing kept; and the channels on which it did not go out."""
    delivery, unsent = Delivery(), list[str]()
    if message is None:
        return delivery, unsent
    for name, channel in channels.items():
        try:
            delivery.sent.append(f"{name}: {sent(channel, message)}")
        except NotSent as why:
            delivery.kept.append(f"{name} ({message.key}): {why}")
            unsent.append(name)
    return delivery, unsent
