"""Every setting, once: names, types, bounds and defaults live in these frozen dataclasses.

`loading.load_settings` fills them; the JSON Schema it checks against is derived from them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


class Secret(str):
    """A secret's value, or a reference to one (`secret://name`); printing it shows `***`.

    >>> f"{Secret('hunter2')} {Secret('hunter2')!r}"
    '*** ***'
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def reveal(self) -> str:
        """The bare text, for the one call that needs it."""
        return str.__str__(self)


def bounded(default: Any, minimum: float, maximum: float | None = None) -> Any:
    """A number's default with the bounds that the JSON Schema states."""
    bounds = {"minimum": minimum}
    if maximum is not None:
        bounds["maximum"] = maximum
    return field(default=default, metadata=bounds)


def one_of(default: str, *values: str) -> Any:
    """A text's default with the values that the JSON Schema allows."""
    return field(default=default, metadata={"enum": list(values)})


def matching(default: str, pattern: str) -> Any:
    """A text's default with the pattern that the JSON Schema states."""
    return field(default=default, metadata={"pattern": pattern})


# A path within a root: it does not begin with a slash, has no segment . or .., no backslash, no control character.
INSIDE = r"\A(?!/)(?!(?:.*/)?\.{1,2}(?:/|\Z))[^\\\x00-\x1f\x7f]+\Z"
MOST_DAYS = 36_500  # that something may be kept


@dataclass(frozen=True)
class ApiSettings:
    """The product-usage API: its address, its limits, and when a request is tried again.

    `timeout_seconds` bounds the connect and each wait for bytes; `time_budget_seconds` one page
    as a whole, with all its attempts and waits; `retry_after_cap_seconds` each single wait.
    `resume_max_age` is how many seconds the pages of an interrupted fetch can be resumed from.
    `total_member` names the member of the API's answer that holds the number of a date's items:
    `total`, `total_count`, both or none.
    """

    url: str
    key: Secret = Secret("secret://api-key")
    page_size: int = bounded(1000, 1, 100_000)
    timeout_seconds: float = bounded(30.0, 0.05)
    max_attempts: int = bounded(6, 1)
    retry_after_cap_seconds: float = bounded(120.0, 0)
    backoff_seconds: float = bounded(0.5, 0)
    time_budget_seconds: float = bounded(1800.0, 0.1)
    max_pages: int = bounded(100_000, 1)
    max_page_bytes: int = bounded(32 * 1024 * 1024, 1)
    resume_max_age: float = bounded(3600.0, 0, MOST_DAYS * 86_400)
    total_member: str = one_of("both", "both", "total", "total_count", "none")


@dataclass(frozen=True)
class LandingSettings:
    """Where raw files land: a directory, or Azure blob containers of the same names.

    `root` is a directory or an account's URL (`https://<account>.blob.core.windows.net`, with the
    identity we run as); a `connection` string wins over it. `part_bytes` is the size, as stored, at
    which a part is closed.
    """

    root: str
    usage_container: str = matching("product-api-raw", INSIDE)
    crm_path: str = matching("raw/crm/", INSIDE)
    connection: Secret | None = None
    part_bytes: int = bounded(128 * 1024 * 1024, 1)
    compression: str = one_of("none", "none", "gzip")
    orphan_max_age_hours: float = bounded(24.0, 0, MOST_DAYS * 24)
    lock_timeout_seconds: float = bounded(600.0, 0)


# Empty, or one name: letters, digits, `_` and `-`, a letter or `_` first.
CATALOG = r"\A([A-Za-z_][A-Za-z0-9_-]{0,127})?\Z"


@dataclass(frozen=True)
class LakeSettings:
    """Where the Delta tables are, and how long a run waits for another one to end.

    `catalog` is where they are registered by name: `spark_catalog` for the session's own (a lake database, a
    lakehouse, a Hive metastore), another name for a catalog such as Unity Catalog's; empty: by path alone.
    """

    root: str
    catalog: str = matching("", CATALOG)
    lock_timeout_seconds: float = bounded(600.0, 0)


@dataclass(frozen=True)
class SqlSettings:
    """The warehouse that people query. The engine follows from the URL unless it is named.

    `auth` says how to log in: with `user` and `password`, or as whom we run as, by an access token of Entra.
    """

    url: str
    user: str = ""
    password: Secret = Secret("")
    engine: str = one_of("", "", "azuresql", "synapse")
    lock_timeout_seconds: float = bounded(600.0, 1)
    socket_timeout_seconds: float = bounded(3600.0, 1)
    wake_seconds: float = bounded(120.0, 0)
    auth: str = one_of("password", "password", "entra")


@dataclass(frozen=True)
class RunSettings:
    """How far a run looks back, when a date counts as settled, and how often what may pass is tried.

    `attempts` counts the first one; `retry_seconds` lie between two.
    """

    refetch_days: int = bounded(3, 0, 60)
    settle_hours: float = bounded(2.0, 0)
    attempts: int = bounded(1, 1, 10)
    retry_seconds: float = bounded(300.0, 0, 3600)


@dataclass(frozen=True)
class PublishSettings:
    """How rows travel to the warehouse."""

    max_dates_per_transaction: int = bounded(31, 1)
    batch_size: int = bounded(10_000, 1)
    writers: int = bounded(2, 1)


@dataclass(frozen=True)
class GateSettings:
    """Thresholds that decide between going on, warning and refusing."""

    crm_max_loss: float = bounded(0.5, 0, 1)
    crm_max_broken: float = bounded(0.5, 0, 1)
    crm_max_age_days: int = bounded(7, 0)
    quarantine_max_share: float = bounded(0.2, 0, 1)
    quarantine_min_records: int = bounded(100, 0)
    volume_warn_drop: float = bounded(0.1, 0, 1)
    volume_error_drop: float = bounded(0.5, 0, 1)
    volume_min_records: int = bounded(1000, 0)
    unknown_max_share: float = bounded(0.1, 0, 1)
    max_dates_rewritten: int = bounded(120, 0)


# Each channel, and the settings of `notify` without which it sends nothing.
CHANNELS: dict[str, tuple[str, ...]] = {
    "file": ("file",),
    "mail": ("smtp_host", "mail_from", "mail_to"),
    "teams": ("teams_url",),
    "webhook": ("webhook_url",),
}


ADDRESS = r"\A[^\s@<>,;\"]+@[^\s@<>,;\"]+\Z"  # of mail: nothing that could end a header, or be two of them
OWNER = r"\A(?!\*\Z)\S(.*\S)?\Z"  # as the CRM files write it; `*` stands for everyone


@dataclass(frozen=True)
class RecipientSettings:
    """Where the digests of one recipient go: to each of these that has a value.

    `webhook_key` signs what the webhook is sent: `whsec_` and 24 to 64 random bytes in base64.
    """

    mail_to: tuple[str, ...] = field(
        default=(), metadata={"items": {"type": "string", "pattern": ADDRESS}}
    )
    teams_url: Secret = Secret("")
    webhook_url: Secret = Secret("")
    webhook_key: Secret = Secret("")


@dataclass(frozen=True)
class NotifySettings:
    """Who hears of a run and of the companies at risk, and how.

    `timeout_seconds` bounds the connect and each wait for bytes, `time_budget_seconds` one
    message as a whole, `channel_budget_seconds` all messages about runs on a channel, and again all
    digests on it, `retry_after_cap_seconds` each wait that a busy server asks for: where it asks
    for more, the next run sends the message. One that is still refused after `keep_days` is given up.

    `owners` are those who get a digest of their own companies, by the name that the CRM files give
    them; `default` gets one of all other companies, `everyone` one of all companies. `quiet` says
    whether a day without news is one `line` or `nothing`; what is older than `news_days` is no news.
    """

    channels: tuple[str, ...] = field(
        default=("file",),
        metadata={"items": {"type": "string", "enum": list(CHANNELS)}},
    )
    file: str = ""
    smtp_host: str = ""
    smtp_port: int = bounded(587, 1, 65535)
    smtp_user: str = ""
    smtp_password: Secret = Secret("")
    smtp_tls: str = one_of("starttls", "starttls", "tls", "none")
    mail_from: str = ""
    mail_to: tuple[str, ...] = ()
    teams_url: Secret = Secret("")
    webhook_url: Secret = Secret("")
    timeout_seconds: float = bounded(10.0, 0.1)
    time_budget_seconds: float = bounded(60.0, 0.1)
    channel_budget_seconds: float = bounded(600.0, 0.1)
    retry_after_cap_seconds: float = bounded(30.0, 0)
    max_attempts: int = bounded(3, 1)
    keep_days: int = bounded(7, 0)
    owners: Mapping[str, RecipientSettings] = field(
        default_factory=dict, metadata={"propertyNames": {"type": "string", "pattern": OWNER}}
    )
    default: RecipientSettings = RecipientSettings()
    everyone: RecipientSettings = RecipientSettings()
    quiet: str = one_of("line", "line", "nothing")
    news_days: int = bounded(14, 1, 365)


@dataclass(frozen=True)
class ReportSettings:
    """Where the report of a run is written, and the URL of that folder, if it has one."""

    dir: str
    url: str = ""


@dataclass(frozen=True)
class MaintainSettings:
    """How many days `maintain` keeps what nothing needs any more.

    `tables_days` counts from when a table gave up a file, `generations_days` from when a generation was followed by
    another, the others from when a file was written: run records, outcomes and where exports ended; report pages;
    notes of sent messages; exports below the lake, which an import takes within days and the lake gives again.
    """

    tables_days: int = bounded(30, 7, MOST_DAYS)
    generations_days: int = bounded(90, 1, MOST_DAYS)
    runs_days: int = bounded(365, 1, MOST_DAYS)
    reports_days: int = bounded(90, 1, MOST_DAYS)
    messages_days: int = bounded(90, 1, MOST_DAYS)
    exports_days: int = bounded(30, 1, MOST_DAYS)


@dataclass(frozen=True)
class SecretSettings:
    """Where `secret://name` is looked up after the environment."""

    key_vault: str = ""
    linked_service: str = ""
    databricks_scope: str = ""


@dataclass(frozen=True)
class EraseSettings:
    """The secret that `erase` makes tombstones with, and every later run knows erased companies by.

    Companies stay erased only as long as it is kept: it cannot be exchanged.
    """

    key: Secret | None = None


@dataclass(frozen=True)
class SparkSettings:
    """The properties that a local session starts with; a pool brings its own."""

    properties: str = ""


@dataclass(frozen=True)
class EngagementSettings:
    """Weights and scales of the engagement score."""

    weight_frequency: float = 0.4
    weight_recency: float = 0.2
    weight_breadth: float = 0.2
    weight_depth: float = 0.2
    min_days: int = bounded(14, 1, 28)
    recency_days: float = bounded(14.0, 0.001)
    breadth_users: float = bounded(10.0, 0.001)
    depth_events: float = bounded(20.0, 0.001)


@dataclass(frozen=True)
class ChurnSettings:
    """What a week is compared with, and when a company is at risk.

    Ratios are integers per cent or per mille, so that conditions stay exact. The bounds keep every rule within 60 days.
    """

    weeks: int = bounded(6, 4, 7)
    least_weeks: int = bounded(4, 1, 7)
    gone_after_days: int = bounded(28, 7, 32)
    declining_percent: int = bounded(50, 1, 99)
    declining_deviations: int = bounded(3, 0, 10)
    silence_min_days: int = bounded(2, 1, 32)
    silence_per_mille: int = bounded(1, 0, 1000)
    most_quiet_days: int = bounded(2, 0, 7)
    quiet_percent: int = bounded(75, 0, 100)
    fleet_companies: int = bounded(20, 1, 1_000_000)
    fleet_user_days: int = bounded(10, 1, 1_000_000)


@dataclass(frozen=True)
class ContactSettings:
    """When somebody should speak with a company."""

    low_use_user_days: int = bounded(3, 0)
    no_contact_days: int = bounded(30, 0)


@dataclass(frozen=True)
class MetricSettings:
    """The constants of the metrics; the table's state holds their digest and `metric_version`."""

    metric_version: str = "2"
    engagement: EngagementSettings = EngagementSettings()
    churn: ChurnSettings = ChurnSettings()
    contact: ContactSettings = ContactSettings()

    @property
    def mark(self) -> dict[str, str]:
        """The version and the digest of its constants: what a table says it was computed with."""
        constants = json.dumps(asdict(self), sort_keys=True)
        digest = hashlib.sha256(constants.encode()).hexdigest()
        return {"version": self.metric_version, "digest": digest[:16]}


@dataclass(frozen=True)
class Settings:
    """All settings, by section."""

    api: ApiSettings
    landing: LandingSettings
    lake: LakeSettings
    sql: SqlSettings
    report: ReportSettings
    run: RunSettings = RunSettings()
    publish: PublishSettings = PublishSettings()
    gates: GateSettings = GateSettings()
    notify: NotifySettings = NotifySettings()
    maintain: MaintainSettings = MaintainSettings()
    secrets: SecretSettings = SecretSettings()
    erase: EraseSettings = EraseSettings()
    spark: SparkSettings = SparkSettings()
    metrics: MetricSettings = MetricSettings()
    environment: str = "local"
