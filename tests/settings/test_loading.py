"""Settings: which layer wins, what is refused and how, and that secrets never show."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from company_activity.errors import SettingsError
from company_activity.settings.loading import conf_dir, load_metrics, load_settings
from company_activity.settings.model import MetricSettings, Secret, Settings

ENVIRONMENTS = ("local", "synapse", "databricks", "fabric")


def settings(file: Path | None = None, **environ: str) -> Settings:
    return load_settings(file=file, environ=environ)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_shipped_environment_loads(environment: str) -> None:
    assert load_settings(environment, environ={}).environment == environment


def test_a_file_yields_to_the_environment_and_that_to_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        (conf_dir({}) / "local.yaml").read_text("utf-8").replace("  refetch_days: 0", "  refetch_days: 1"), "utf-8"
    )
    variable = {"COMPANY_ACTIVITY__RUN__REFETCH_DAYS": "2"}
    assert settings(file).run.refetch_days == 1
    assert settings(file, **variable).run.refetch_days == 2
    given = load_settings(file=file, environ=variable, overrides={"run.refetch_days": 4})
    assert given.run.refetch_days == 4


def test_the_reference_s_names_work() -> None:
    found = settings(API_URL="http://a/u", API_KEY="k", BLOB_CONTAINER="c", CRM_BLOB_PATH="x/", KEY_VAULT_NAME="v")
    assert (found.api.url, found.api.key.reveal(), found.secrets.key_vault) == ("http://a/u", "k", "v")
    assert (found.landing.usage_container, found.landing.crm_path) == ("c", "x/")


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"COMPANY_ACTIVITY__API__COLOUR": "red"}, "unknown setting api.colour in the environment"),
        ({"COMPANY_ACTIVITY__BAKERY__OVEN": "hot"}, "unknown setting bakery in the environment"),
        ({"COMPANY_ACTIVITY__API__PAGE_SIZE": "ten"}, "api.page_size in the environment: 'ten' does not fit"),
        ({"COMPANY_ACTIVITY__API__PAGE_SIZE": "0"}, "minimum 1"),
        ({"COMPANY_ACTIVITY__API__PAGE_SIZE": "1.5"}, "type integer"),
        ({"COMPANY_ACTIVITY__GATES__CRM_MAX_LOSS": "2"}, "maximum 1"),
        ({"COMPANY_ACTIVITY__LANDING__COMPRESSION": "zip"}, "enum"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_place(environ: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(environ=environ)
    assert told in str(refused.value)
    assert refused.value.remedy


def test_a_file_is_refused_by_its_name(tmp_path: Path) -> None:
    broken = {"no.yaml": None, "list.yaml": "- 1", "text.yaml": "a: [", "key.yaml": "api: {url: http://a, colour: red}"}
    for name, text in broken.items():
        file = tmp_path / name
        if text is not None:
            file.write_text(text, encoding="utf-8")
        with pytest.raises(SettingsError, match=name):
            settings(file)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lake: {root: !!int x}", "is not YAML: a value cannot be read"),
        ("lake: {root: 2025-02-30}", "is not YAML: a value cannot be read: day is out of range"),
        ("!!timestamp ''", "is not YAML"),
        ("lake: " + "[" * 600, "is not YAML"),
        ("1: 2\nx: 3", "unknown setting 1"),
    ],
)
def test_what_a_reader_of_yaml_stumbles_over_is_refused(text: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        settings(file)
    assert told in str(refused.value)
    with pytest.raises(SettingsError):
        load_metrics(file, settings().metrics)


def test_a_variable_that_yaml_stumbles_over_does_not_fit() -> None:
    with pytest.raises(SettingsError, match=r"api\.page_size in the environment: '!!int x' does not fit"):
        settings(COMPANY_ACTIVITY__API__PAGE_SIZE="!!int x")


def test_a_section_is_no_value_and_a_place_of_others_at_once() -> None:
    with pytest.raises(SettingsError, match=r"setting api\.url: api has a value of its own besides"):
        settings(COMPANY_ACTIVITY__API="x", COMPANY_ACTIVITY__API__URL="http://a")


def test_a_missing_value_names_its_variable(tmp_path: Path) -> None:
    file = tmp_path / "bare.yaml"
    file.write_text("landing: {root: /l}\nlake: {root: /k}\nsql: {url: 'jdbc:h2:mem:x'}\nreport: {dir: /r}\n", "utf-8")
    with pytest.raises(SettingsError, match="COMPANY_ACTIVITY__API__URL"):
        settings(file)


def test_a_secret_never_shows() -> None:
    found = settings(API_KEY="hunter2", COMPANY_ACTIVITY__SQL__PASSWORD="hunter3")
    shown = f"{found} {found!r} {found.api.key} {found.api.key!r} {[found.sql.password]}"
    assert "hunter" not in shown
    with pytest.raises(ValueError, match=r"\*\*\*") as raised:
        raise ValueError(found.api.key)
    assert "hunter" not in "".join(traceback.format_exception(raised.value))
    assert found.api.key.reveal() == "hunter2"
    assert Secret("a") == Secret("a")


def test_a_secret_of_the_wrong_type_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("api: {url: http://a, key: 12345}\n", encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        settings(file)
    assert "12345" not in str(refused.value)


@pytest.mark.parametrize(("said", "environment"), [(None, "prod"), ("local", "local"), ("synapse", "synapse")])
def test_a_settings_file_is_an_environment_of_its_own_unless_one_is_said(
    tmp_path: Path, said: str | None, environment: str
) -> None:
    file = tmp_path / "prod.yaml"
    file.write_text((conf_dir({}) / "local.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    assert load_settings(said, file=file, environ={}).environment == environment


def test_no_more_weeks_must_be_whole_than_are_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "fewer.yaml"
    file.write_text("churn: {weeks: 4, least_weeks: 5}", "utf-8")
    for given in (
        lambda: load_metrics(file, MetricSettings()),
        lambda: settings(COMPANY_ACTIVITY__METRICS__CHURN__LEAST_WEEKS="7"),
    ):
        with pytest.raises(SettingsError, match=r"metrics\.churn\.least_weeks in .*never are [57] whole"):
            given()


def test_a_metrics_file_may_say_whole_numbers_as_yaml_does_and_is_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("churn: {weeks: 5.0}", "utf-8")
    weeks = load_metrics(file, MetricSettings()).churn.weeks
    assert (weeks, type(weeks)) == (5, int)
    file.write_text("churn: {weeks: 5}", "utf-16")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_metrics(file, MetricSettings())


OWNERS = """
notify:
  owners:
    Ana M. Ruiz: {mail_to: [ana@example.com], teams_url: secret://teams-ana}
    Bo: {webhook_url: https://bo.example/s3cret, webhook_key: whsec_s3cret}
  default: {mail_to: [cs@example.com]}
"""


def with_notify(tmp_path: Path, text: str) -> Path:
    """The local settings with another section `notify`."""
    local = (conf_dir({}) / "local.yaml").read_text("utf-8")
    file = tmp_path / "mine.yaml"
    file.write_text(local[: local.index("notify:")] + local[local.index("report:") :] + text, "utf-8")
    return file


def test_owners_are_named_in_a_file(tmp_path: Path) -> None:
    notify = settings(with_notify(tmp_path, OWNERS)).notify
    ana, bo = notify.owners["Ana M. Ruiz"], notify.owners["Bo"]
    assert (ana.mail_to, ana.teams_url.reveal()) == (("ana@example.com",), "secret://teams-ana")
    assert (bo.webhook_url.reveal(), bo.webhook_key.reveal()) == ("https://bo.example/s3cret", "whsec_s3cret")
    assert (notify.default.mail_to, notify.everyone.mail_to) == (("cs@example.com",), ())
    assert "s3cret" not in f"{notify} {notify!r}"


def test_nobody_is_an_owner_unless_named() -> None:
    notify = settings().notify
    assert (dict(notify.owners), notify.quiet, notify.news_days) == ({}, "line", 14)


def test_owners_are_named_in_one_variable() -> None:
    text = "{Ana Ruiz: {mail_to: [ana@example.com]}}"
    assert list(settings(COMPANY_ACTIVITY__NOTIFY__OWNERS=text).notify.owners) == ["Ana Ruiz"]
    with pytest.raises(SettingsError, match="does not say which letters of 'ana' are capitals"):
        settings(COMPANY_ACTIVITY__NOTIFY__OWNERS__ANA__TEAMS_URL="https://teams.example/s3cret")


@pytest.mark.parametrize(
    ("owners", "told"),
    [
        ("{Ana: {colour: s3cret}}", "unknown setting notify.owners.Ana.colour"),
        ("{Ana: {mail_to: ana@example.com}}", "notify.owners.Ana.mail_to"),
        ('{Ana: {mail_to: ["a@example.com\\r\\nBcc: b@example.com"]}}', "notify.owners.Ana.mail_to.0"),
        ("{Ana: {mail_to: ['a@example.com, b@example.com']}}", "notify.owners.Ana.mail_to.0"),
        ("{Ana: {teams_url: [s3cret]}}", "notify.owners.Ana.teams_url"),
        ("{Ana: https://teams.example/s3cret}", "notify.owners.Ana in the environment: its value does not fit"),
        ("[{teams_url: s3cret}]", "notify.owners in the environment: its value does not fit"),
        ("s3cret", "notify.owners in the environment: its value does not fit"),
        ("{Ana: {mail_to: {teams_url: s3cret}}}", "notify.owners.Ana.mail_to"),
        ("{42: {}}", "notify.owners in the environment: 42 does not fit"),
        ("{'': {}}", "notify.owners in the environment: '' does not fit"),
        ("{'*': {}}", "notify.owners in the environment: '*' does not fit"),
        ("{' Ana': {}}", "notify.owners in the environment: ' Ana' does not fit"),
        ("{Ana: }", "notify.owners.Ana in the environment: its value does not fit"),
    ],
)
def test_owners_that_do_not_fit_are_refused_without_their_secrets(owners: str, told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(COMPANY_ACTIVITY__NOTIFY__OWNERS=owners)
    assert told in str(refused.value)
    assert "s3cret" not in f"{refused.value} {refused.value.remedy}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: &a [*a]\n", "an alias stands for what it stands in"),
        ("api: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("api: {page_size: " + "9" * 5000 + "}\n", "is not YAML"),
        (
            "a: &a {x: 1}\nb: &b {<<: [*a" + ", *a" * 400 + "]}\nc: {<<: [*b" + ", *b" * 400 + "]}\n",
            "more than 100,000",
        ),
    ],
)
def test_a_file_that_says_too_much_is_refused(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as refused:
        settings(file)
    assert told in str(refused.value)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "..", "a\\b", "a\0b"])
def test_an_environment_is_a_name_and_no_path(name: str) -> None:
    with pytest.raises(SettingsError, match="is no name of an environment"):
        load_settings(name, environ={})


@pytest.mark.parametrize("path", ["../x", "/x", "a/../b", "a/..", "./a", "a\\b", "a\nb", ""])
def test_what_lies_in_the_landing_has_no_path_out_of_it(path: str) -> None:
    with pytest.raises(SettingsError, match=r"setting landing\.crm_path in the environment"):
        settings(COMPANY_ACTIVITY__LANDING__CRM_PATH=path)
    assert settings(COMPANY_ACTIVITY__LANDING__CRM_PATH="raw/..crm/a.b/").landing.crm_path == "raw/..crm/a.b/"


def test_what_is_known_where_a_setting_is_not_is_listed() -> None:
    with pytest.raises(SettingsError) as refused:
        settings(COMPANY_ACTIVITY__SQL__NOSUCH="1")
    assert "known here: url, user, password" in str(refused.value)


def test_an_unknown_section_is_told_with_its_place() -> None:
    with pytest.raises(SettingsError, match="^SettingsError: unknown setting nosuch in the command line — "):
        load_settings(environ={}, overrides={"nosuch.inner": "1"})


def test_what_replaces_a_section_that_is_none_stands_in_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("sql: none\n", "utf-8")
    with pytest.raises(SettingsError, match=r"^SettingsError: unknown setting sql.nosuch in the settings — known here"):
        load_settings(file=file, environ={}, overrides={"sql.nosuch": "1"})


def test_an_item_of_a_list_stands_in_the_settings() -> None:
    with pytest.raises(SettingsError, match=r"^SettingsError: setting notify.mail_to.0 in the settings: 1 does not"):
        load_settings(environ={}, overrides={"notify.mail_to": [1]})
