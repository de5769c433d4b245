"""A hundred hostile names on the whole way: episodes, files beside the lake, real servers over TLS, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import trustme

from company_activity.io.notify.digest.channels import open_readers
from company_activity.io.notify.digest.items import KnownEpisode
from company_activity.io.notify.digest.kept import KeptNews
from company_activity.io.notify.digest.recipients import Reader, Readers
from company_activity.io.notify.digest.round import Occasion, Round
from company_activity.planning.news import Episode, Today
from company_activity.settings.model import (
    LandingSettings,
    NotifySettings,
    RecipientSettings,
    Secret,
    SecretSettings,
)

from support.report.digests import printed, shown_part
from support.report.hostile_names import NAMES
from support.report.receivers import HttpReceiver, mail_receiver

KEY = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
NOW = datetime(2025, 11, 24, 3, tzinfo=UTC)
DAY = date(2025, 11, 23)
OWNER = NAMES[0]


def hostile(number: int) -> KnownEpisode:
    """A company whose every text is hostile; its id tells it from the others."""
    name = NAMES[number]
    episode = Episode(f"{number} {name}", DAY, DAY, churn_reasons=(NAMES[number - 1],), owner=OWNER, company_name=name)
    return KnownEpisode(episode, NAMES[number - 2], {NAMES[number - 1]: NAMES[number - 3]})


KNOWN = [hostile(number) for number in range(100)]


def gone(one: KnownEpisode) -> KnownEpisode:
    ended = replace(one.episode, last_flagged_on=DAY, ended_on=DAY + timedelta(days=7), ended_as="gone")
    return replace(one, episode=ended)


def test_a_hundred_hostile_names_arrive_as_they_are(
    receive: Callable[..., HttpReceiver],
    settings: Callable[..., NotifySettings],
    trusted: trustme.CA,
    tmp_path: Path,
) -> None:
    hook = receive(503, 202, tls=trusted)
    team = receive(503, 202, tls=trusted)
    with mail_receiver(tls=trusted, password="hunter2") as mail:
        mail.refuse = {"DATA": "451 later"}
        everything = RecipientSettings(("ana@example.com",), Secret(team.url), Secret(hook.url), KEY)
        known = settings(
            channels=(), smtp_host="127.0.0.1", smtp_port=mail.port, smtp_user="etl", smtp_password=Secret("hunter2"),
            mail_from="etl@example.com", owners={OWNER: everything},
        )  # fmt: skip
        readers = Readers(known)

        def run(newest: date, rows: Sequence[KnownEpisode], mark: str) -> Round:
            channels = open_readers(readers, SecretSettings(), LandingSettings(""))
            one = Round(KeptNews(str(tmp_path)), readers, channels, "test", NOW)
            one.send_kept()
            one.tell(Occasion(Today(newest), mark, lambda since: rows, "Status.", "https://reports.example/1"))
            return one

        assert len(run(DAY, KNOWN, "1").delivery.kept) == 3  # all refuse: what follows comes from the files
        mail.refuse = {}
        assert run(DAY, KNOWN, "1").delivery.kept == []
        assert run(DAY + timedelta(days=7), list(map(gone, KNOWN)), "2").delivery.kept == []
    assert mail.was_tls == [True, True]
    for kind, bodies in {"entered": hook.taken[:-1], "left": hook.taken[-1:]}.items():
        arrived = [one for posted in bodies for one in posted.json["sections"][kind]]
        assert {one["company_id"]: one["company_name"] for one in arrived} == {
            as_json(one.episode.company_id): as_json(one.episode.company_name or one.episode.company_id)
            for one in KNOWN
        }
    for form in ("plain", "html"):
        for sent in mail.mails:
            text = printed(content(sent, form))
            assert [name for name in NAMES if shown_part(name) not in printed_html(text, form)] == []
    cards = "".join(run["text"] for posted in team.taken for run in runs(posted.json))
    assert [name for name in NAMES if shown_part(name) not in printed(cards)] == []
    told = KeptNews(str(tmp_path)).ledger().delivered
    assert {len(told[Reader(OWNER, channel).name]) for channel in ("mail", "teams", "webhook")} == {200}


def as_json(text: str) -> str:
    """The first 1,000 characters; half a character has no UTF-8, and a question mark stands for it."""
    return text[:1000].encode("utf-8", "replace").decode()


def content(mail: Any, form: str) -> str:
    return str(mail.get_body((form,)).get_content())


def printed_html(text: str, form: str) -> str:
    from html import unescape

    return printed(unescape(text)) if form == "html" else text


def runs(envelope: Any) -> list[dict[str, str]]:
    (attachment,) = envelope["attachments"]
    assert json.dumps(attachment)
    return [run for block in attachment["content"]["body"] for run in block["inlines"]]
