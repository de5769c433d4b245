"""What a digest holds and says, whatever the channel."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company_activity.io.notify.digest import words
from company_activity.io.notify.digest.channels import open_digest_channels
from company_activity.io.notify.digest.digest import Digest, is_wanted
from company_activity.io.notify.digest.fitting import packed
from company_activity.io.notify.digest.neutral import neutral
from company_activity.io.notify.digest.recipients import DEFAULT, EVERYONE, recipient_of, recipients
from company_activity.settings.model import NotifySettings, RecipientSettings, Secret, SecretSettings

from support.report.digests import digest, digest_of, hostile_digest, item, printed, shown_part
from support.report.hostile_names import NAMES


def test_it_survives_an_outbox() -> None:
    for told in (digest(), digest_of(40), hostile_digest()):
        assert Digest.from_json(json.loads(json.dumps(told.as_json()))) == told


def test_one_of_a_later_version_can_be_read() -> None:
    plain = digest_of(1).as_json() | {"a_later_member": 1}
    plain["sections"]["entered"][0]["a_later_member"] = 1
    assert Digest.from_json(plain) == digest_of(1)


def test_its_key_is_a_file_s_name_whatever_it_holds_and_another_for_other_content() -> None:
    told = [digest(), digest("Bo"), digest_of(1), digest_of(40), hostile_digest()]
    keys = {one.key for one in told}
    assert len(keys) == len(told)
    assert all(key.replace("-", "").isalnum() and key.isascii() for key in keys)
    assert replace(told[0]).key == told[0].key


def test_the_subject_says_how_much_is_new() -> None:
    assert words.headline(digest_of(40)) == (
        "company-activity (synapse): 32 entered, 2 worsened, 2 recovered, 2 left and 2 withdrawn, 2025-11-23"
    )
    assert words.headline(digest()) == "company-activity (synapse): nothing new, 2025-11-23"


@pytest.mark.parametrize(
    ("recipient", "said"),
    [
        ("Ana Ruiz", "Companies of Ana Ruiz"),
        (DEFAULT, "Companies of other owners, or of none"),
        (EVERYONE, "All companies"),
    ],
)
def test_whose_companies_they_are(recipient: str, said: str) -> None:
    assert words.whose(digest(recipient)) == said


def test_an_owner_is_named_to_others_only() -> None:
    company = item(owner="Ana Ruiz")
    assert "Ana" not in words.facts(company, "entered", digest("Ana Ruiz"))
    assert words.facts(company, "entered", digest(EVERYONE)).endswith("; owner: Ana Ruiz")


@pytest.mark.parametrize("quiet", ["line", "nothing"])
def test_a_quiet_day_is_a_line_or_nothing(quiet: str) -> None:
    assert is_wanted(digest_of(1), quiet)
    assert is_wanted(digest(), quiet) == (quiet == "line")
    assert is_wanted(digest(entered=(), left=()), quiet) == (quiet == "line")


def test_the_link_is_an_address_that_a_button_may_open() -> None:
    def link(report: str) -> str:
        return replace(digest(), report=report).link

    assert link("https://reports.example/r.html?a=1&b=2#c") == "https://reports.example/r.html?a=1&b=2#c"
    others = [
        "/reports/r.html",
        "http://r.example/",
        "javascript:alert(1)",
        "https://r.example/ b",
        'https://r"',
        "https://é/",
        "",
    ]
    assert [link(report) for report in [*others, "https://r.example/\n", f"https://r.example/{'x' * 500}"]] == [""] * 9


@pytest.mark.parametrize("name", NAMES, ids=range(100))
def test_of_a_name_everything_that_can_be_seen_is_shown_and_nothing_else(name: str) -> None:
    shown = neutral(name, 120)
    assert printed(shown) == shown_part(name)
    assert len(shown) <= 121
    assert all(character.isprintable() or character in "\u200c\u200d\u3000\xa0" for character in shown)
    assert len(shown.splitlines()) <= 1


@given(st.lists(st.integers(1, 30), max_size=60), st.integers(1, 40))
def test_packing_loses_nothing_and_keeps_to_the_room(sizes: list[int], room: int) -> None:
    pages = [sizes[page] for page in packed(sizes, room)]
    assert [size for page in pages for size in page] == sizes
    assert all(sum(page) <= room or len(page) == 1 for page in pages)


def test_a_recipient_has_the_channels_that_its_settings_name() -> None:
    ana = RecipientSettings(mail_to=("ana@example.com",), teams_url=Secret("https://teams.example/s3cret"))
    bo = RecipientSettings(webhook_url=Secret("https://bo.example/s3cret"))
    settings = NotifySettings(owners={"Ana": ana, "Bo": bo, "Eve": RecipientSettings()}, default=ana)
    assert list(recipients(settings)) == ["Ana", "Bo", DEFAULT]
    assert [recipient_of(owner, settings) for owner in ("Ana", "An", EVERYONE, "", None)] == ["Ana", *[DEFAULT] * 4]
    channels = [list(open_digest_channels(to, settings, SecretSettings())) for to in recipients(settings).values()]
    assert channels == [["mail", "teams"], ["webhook"], ["mail", "teams"]]
