"""Tell whoever should know how the run ended, and what earlier runs could not tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from company_activity.errors import CompanyActivityError, Undelivered
from company_activity.io.notify.channel import Channel, NotSent
from company_activity.io.notify.channels import open_channels
from company_activity.io.notify.deliver import Delivery, deliver, sent
from company_activity.io.notify.message import Message
from company_activity.io.outbox import Outbox
from company_activity.io.run_records import run_records
from company_activity.report import StepReport

if TYPE_CHECKING:
    from company_activity.run import Run

LOOKED_BACK = 50
MOST_TOLD = 5
ALONE = ("write_report", "notify")


def notify(run: Run) -> StepReport:
    """Send one message per channel about a run that changed anything or failed, and those that are still undelivered.

    On its own it tells of the newest recorded run of these dates, unless that was told. What does not go out is
    handed back as Undelivered, and kept for the next run.
    """
    settings = run.settings.notify
    channels = open_channels(settings, run.settings.secrets)
    message = what_to_tell(run)
    try:
        outbox = Outbox(run.settings.lake.root)
        if message:
            for channel in channels:
                outbox.put(message, channel)
        delivery = deliver(outbox, channels, run.now, timedelta(days=settings.keep_days))
        remedy = f"kept in {outbox.place}: the next run sends it, or company-activity notify"
    except CompanyActivityError as broken:  # the very store may be what failed: say so as long as anybody hears
        delivery, remedy = sent_at_once(message, channels), broken.remedy
        delivery.kept.append(f"the outbox cannot be used: {broken.what}")
    return report_of(delivery, remedy)


def report_of(delivery: Delivery, remedy: str) -> StepReport:
    """What went out and what did not; an Undelivered error where anything stays."""
    warnings = [f"a message was given up: {one}" for one in delivery.given_up]
    if delivery.kept:
        counts = {"sent": len(delivery.sent), "undelivered": len(delivery.kept)}
        error = Undelivered("; ".join(delivery.kept[:MOST_TOLD]), remedy=remedy)
        return StepReport("notify", "failed", counts, delivery.sent, warnings, error)
    if not delivery.sent:
        return StepReport("notify", "nothing", notes=["nothing to tell"], warnings=warnings)
    return StepReport("notify", "done", {"sent": len(delivery.sent)}, delivery.sent, warnings)


def what_to_tell(run: Run) -> Message | None:
    """This run's message; where no other step ran, that of the newest record of its dates."""
    report, environment = run.report, run.settings.environment
    if any(step.name not in ALONE for step in report.steps):
        has_news = report.has_changed_something or report.first_failure
        return Message.of_record(report.as_json(), environment) if has_news else None
    asked = {str(day) for day in run.dates}
    for record in run_records(run.settings.lake.root, LOOKED_BACK):
        is_asked = record["from"] and any(record["from"] <= day <= record["to"] for day in asked)
        did_work = any(step["name"] not in ALONE for step in record["steps"])
        if is_asked and did_work:
            has_news = record["has_changed_something"] or record["exit_code"]
            return Message.of_record(record, environment) if has_news else None
    return None


def sent_at_once(message: Message | None, channels: Mapping[str, Channel]) -> Delivery:
    """The message on every channel, with nothing kept."""
    delivery = Delivery()
    if message is None:
        return delivery
    for name, channel in channels.items():
        try:
            delivery.sent.append(f"{name}: {sent(channel, message)}")
        except NotSent as why:
            delivery.kept.append(f"{name} ({message.key}): {why}")
    return delivery
