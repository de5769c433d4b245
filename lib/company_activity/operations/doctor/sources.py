"""What the settings name: secrets, the API, channels, landing and lake."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from company_activity.errors import LakeBusy, SettingsError
from company_activity.io.api.api_url import checked_url, without_secrets
from company_activity.io.lake.lock import LEFT_JVM, holder_of
from company_activity.io.notify.digest.recipients import channels_of, recipients, setting_of
from company_activity.io.notify.digest.signature import key_of
from company_activity.io.secrets.resolve import resolve
from company_activity.operations.doctor.finding import Finding
from company_activity.schemas import TABLES
from company_activity.settings.model import CHANNELS, RecipientSettings, Secret, Settings
from company_activity.steps.start import check_landing as see_landing

if TYPE_CHECKING:
    from company_activity.run import Run

LOOKS = 20
SECONDS_BETWEEN = 0.25
LOGINS = {"mail": ("smtp_password",)}  # what a channel may need besides
OF_RECIPIENT = {"teams": ("teams_url",), "webhook": ("webhook_url", "webhook_key")}  # its secrets
OF_MAIL = ("smtp_host", "mail_from")  # without which no recipient is written to


def check_settings(run: Run) -> Finding:
    """The settings are read already: where they point to."""
    settings = run.settings
    return Finding("settings", f"landing {settings.landing.root}, lake {settings.lake.root}")


def check_secret(run: Run) -> Iterator[Finding]:
    """Each secret that is set and used is found where it is looked for; none is shown."""
    found = []
    for name, secret in secrets_of(run.settings):
        try:
            resolve(secret, run.settings.secrets)
            found.append(name)
        except SettingsError as error:
            yield Finding("secret", f"{name}: {error.what}", error.exit_code, error.remedy)
    if found:
        yield Finding("secret", f"found, and not shown: {', '.join(found)}")


def secrets_of(settings: Settings) -> Iterator[tuple[str, Secret]]:
    """Each secret that has a value and is used with these settings, by its setting."""
    idle = {
        f"notify.{name}"
        for channel, names in CHANNELS.items()
        for name in (*names, *LOGINS.get(channel, ()))
        if channel not in settings.notify.channels
    }
    told = recipients(settings.notify)
    if any(channels_of(to).count("mail") for to in told.values()):
        idle.discard("notify.smtp_password")
    if settings.sql.auth != "password":
        idle.add("sql.password")
    for section in fields(settings):
        group = getattr(settings, section.name)
        for field in fields(group) if is_dataclass(group) else ():
            value = getattr(group, field.name)
            name = f"{section.name}.{field.name}"
            if isinstance(value, Secret) and value.reveal() and name not in idle:
                yield name, value
    for recipient, to in told.items():
        for channel in channels_of(to):
            for setting in OF_RECIPIENT.get(channel, ()):
                secret: Secret = getattr(to, setting)
                if secret.reveal():
                    yield setting_of(recipient, setting), secret


def check_api(run: Run) -> Finding:
    """The API's URL may be asked; it is not."""
    url = without_secrets(checked_url(run.settings.api.url))
    return Finding("api", f"not asked: {url}", is_looked_at=False)


def check_notify(run: Run) -> Iterator[Finding]:
    """Each channel has the settings without which it sends nothing; nothing is sent."""
    notify = run.settings.notify
    for channel in notify.channels:
        lacking = [name for name in CHANNELS[channel] if not getattr(notify, name)]
        for name in lacking:
            remedy = f"set notify.{name}, or take {channel} out of notify.channels"
            yield Finding("notify", f"{channel}: notify.{name} has no value", 2, remedy)
        if not lacking:
            yield Finding("notify", f"{channel} has its settings; nothing is sent")


def check_recipients(run: Run) -> Iterator[Finding]:
    """Each recipient of digests has a channel, and each channel what it needs; nothing is sent."""
    notify = run.settings.notify
    told = recipients(notify)
    for owner in notify.owners.keys() - told.keys():
        remedy = f"give notify.owners.{owner} a channel, or take it out: default hears of its companies then"
        yield Finding("recipients", f"notify.owners.{owner} has no channel", 2, remedy)
    for recipient, to in told.items():
        if to.webhook_url and (why := without_key(run, to)):
            name = setting_of(recipient, "webhook_key")
            remedy = f"set {name} to whsec_ and 32 random bytes in base64"
            yield Finding("recipients", f"{name} {why}", 2, remedy)
    mailed = any(channels_of(to).count("mail") for to in told.values())
    lacking = [name for name in OF_MAIL if mailed and not getattr(notify, name)]
    for name in lacking:
        yield Finding("recipients", f"notify.{name} has no value", 2, f"set notify.{name}")
    if told:
        yield Finding("recipients", f"recipients of digests: {len(told)}; nothing is sent")


def without_key(run: Run, to: RecipientSettings) -> str:
    """What is wrong with the key that signs what a webhook is sent; empty where nothing is, or it is not found."""
    if not to.webhook_key.reveal():
        return "has no value"
    try:
        key_of(resolve(to.webhook_key, run.settings.secrets))
    except SettingsError:  # `check_secret` tells it
        return ""
    except ValueError as error:
        return str(error)
    return ""


def check_landing(run: Run) -> Finding:
    """The landing answers for the folders that a run reads."""
    see_landing(run, {"admit_crm", "ingest_usage"})
    return Finding("landing", run.settings.landing.root)


def check_lake(run: Run) -> Finding:
    """The lake's logs can be read, and nobody gave a table what ours are made without."""
    run.lake.check_features(TABLES)
    made = [table.name for table in TABLES if run.lake.exists(table)]
    return Finding("lake", f"{len(made)} of {len(TABLES)} tables are made")


def check_lease(run: Run) -> Finding:
    """No run holds the lake; it is not taken. The JVM of a command that has just ended is given time to end."""
    root = run.settings.lake.root
    for _ in range(LOOKS):
        holder = holder_of(root, run.lake.files)
        if holder != LEFT_JVM:
            break
        time.sleep(SECONDS_BETWEEN)
    if holder:
        what = f"another run ({holder}) holds the lake {root}"
        return Finding("lease", what, LakeBusy.exit_code, "wait for it to end, or end it")
    return Finding("lease", "no run holds the lake")
