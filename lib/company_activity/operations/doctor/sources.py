"""What the settings name: secrets, the API, channels, landing and lake."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from company_activity.errors import LakeBusy, SettingsError
from company_activity.io.api.api_url import checked_url, without_secrets
from company_activity.io.lake.lock import LEFT_JVM, holder_of
from company_activity.io.secrets.resolve import resolve
from company_activity.operations.doctor.finding import Finding
from company_activity.schemas import TABLES
from company_activity.settings.model import CHANNELS, Secret, Settings
from company_activity.steps.start import check_landing as see_landing

if TYPE_CHECKING:
    from company_activity.run import Run

LOOKS = 20
SECONDS_BETWEEN = 0.25
LOGINS = {"mail": ("smtp_password",)}  # what a channel may need besides


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
    if settings.sql.auth != "password":
        idle.add("sql.password")
    for section in fields(settings):
        group = getattr(settings, section.name)
        for field in fields(group) if is_dataclass(group) else ():
            value = getattr(group, field.name)
            name = f"{section.name}.{field.name}"
            if isinstance(value, Secret) and value.reveal() and name not in idle:
                yield name, value


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
