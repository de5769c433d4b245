"""Tell whoever should know how the run ended, and owners what is new of their companies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from company_activity.errors import CompanyActivityError, Undelivered
from company_activity.io.lake.run_records import run_records
from company_activity.io.notify.channel import Channel, NotSent
from company_activity.io.notify.channels import open_channels
from company_activity.io.notify.deliver import Delivery, deliver, sent
from company_activity.io.notify.digest.channels import open_readers
from company_activity.io.notify.digest.items import KnownEpisode
from company_activity.io.notify.digest.kept import KeptNews
from company_activity.io.notify.digest.recipients import Readers
from company_activity.io.notify.digest.round import Occasion, Round
from company_activity.io.notify.message import Message
from company_activity.io.notify.outbox import Outbox, Pending
from company_activity.io.notify.patience import Patience
from company_activity.io.secrets.in_urls import without_secrets_in
from company_activity.planning.news import Today
from company_activity.report.model import StepReport
from company_activity.schemas import RISK_EPISODES

if TYPE_CHECKING:
    from company_activity.run import Run

LOOKED_BACK = 50
MOST_TOLD = 5
NEXT = "the next run sends it, or company-activity notify"
ALONE = ("write_report", "notify")


def notify(run: Run, *, holds_lake: bool = True) -> StepReport:
    """Send one message per channel about a run that changed anything or failed, and those that are still undelivered.

    Beside it a digest to each recipient of whose companies there is news. On its own it tells of the newest recorded
    run of these dates, unless that was told. What does not go out is handed back as Undelivered, and kept for the next
    run. A run that does not hold the lake leaves alone what the outbox and `ops/news/` hold: the one that does may be
    sending it.
    """
    settings = run.settings
    unreached: list[str] = []
    channels = open_channels(settings.notify, settings.secrets, settings.landing, unreached.append)
    send = through_outbox if holds_lake else past_outbox
    delivery, remedy = send(run, what_to_tell(run), channels)
    delivery.warnings += unreached
    digests = send_digests(run) if holds_lake else Delivery()
    if digests.kept and not delivery.kept:
        remedy = f"kept in {KeptNews(run.lake.files).place}: {NEXT}"
    return report_of(delivery, digests, remedy)


def send_digests(run: Run) -> Delivery:
    """Send the digests that are under way, then those that are due; what became of them.

    Whatever ails lake, Spark or a file, the run itself is told, and the next one makes up for it.
    """
    settings = run.settings
    readers = Readers(settings.notify)
    if not readers.all:
        return Delivery()
    delivery = Delivery()
    try:
        channels = open_readers(readers, settings.secrets, settings.landing)
        kept = KeptNews(run.lake.files)
        one = Round(kept, readers, channels, settings.environment, run.now, delivery)
        one.send_kept()
        if occasion := occasion_of(run):
            known = set(run.report.warnings)  # the page may have told it
            delivery.warnings += [said for said in run.snoozed.warnings if said not in known]
            one.tell(occasion)
    except CompanyActivityError as broken:
        delivery.kept.append(f"digests: {broken.what}")
    except Exception as error:
        said = without_secrets_in((str(error).splitlines() or [""])[0])
        delivery.kept.append(f"digests: {type(error).__name__}: {said[:200]}")
    return delivery


def occasion_of(run: Run) -> Occasion | None:
    """What there is to tell of; nothing while the episodes are not those of the activity table's rows."""
    lake = run.lake
    built = lake.activity.dates
    if run.report.failed_at_start or not built or not lake.exists(RISK_EPISODES):
        return None
    if lake.moved_since_episodes.dates:
        return None
    newest = max(built)
    today = Today(newest, run.settings.notify.news_days, run.snoozed.by_company)

    def ask(since: date) -> Sequence[KnownEpisode]:
        from company_activity.work.news import known_episodes

        return known_episodes(run, newest, since)

    status = run.report.status
    is_of_newest = status is not None and run.report.risks_on == newest
    line = status.line if status and is_of_newest else f"Newest complete date {newest}."
    return Occasion(today, str(lake.identity(RISK_EPISODES)), ask, line, run.report.page)


def through_outbox(
    run: Run, message: Message | None, channels: Mapping[str, Channel]
) -> tuple[Delivery, str]:
    """Keep the message, then send all that is kept; what became of it, and the remedy for what stays."""
    try:
        outbox = Outbox(run.lake.files)
        if message:
            for channel in channels:
                outbox.put(message, channel)
        notify = run.settings.notify
        keep = timedelta(days=notify.keep_days)
        patience = Patience(notify.channel_budget_seconds)
        delivery = deliver(outbox, channels, run.now, keep, patience)
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
    return f"kept in {outbox.place}: {NEXT}"


def report_of(messages: Delivery, digests: Delivery, remedy: str) -> StepReport:
    """What went out and what did not; an Undelivered error where anything stays."""
    given_up = [*messages.given_up, *digests.given_up]
    warnings = [f"a message was given up: {one}" for one in given_up]
    warnings += [*messages.warnings, *digests.warnings]
    kept = [*messages.kept, *digests.kept]
    notes = [*messages.sent, *digests.sent[:MOST_TOLD]]
    if len(digests.sent) > MOST_TOLD:
        notes.append(f"and {len(digests.sent) - MOST_TOLD:,} more digests")
    counts = {"sent": len(messages.sent)} if messages.sent or kept else {}
    if digests.sent:
        counts["digests"] = len(digests.sent)
    if kept:
        counts["undelivered"] = len(kept)
        error = Undelivered("; ".join(kept[:MOST_TOLD]), remedy=remedy)
        return StepReport("notify", "failed", counts, notes, warnings, error)
    if not counts:
        return StepReport("notify", "nothing", notes=["nothing to send"], warnings=warnings)
    return StepReport("notify", "done", counts, notes, warnings)


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
