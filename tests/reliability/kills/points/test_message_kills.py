"""SIGKILL at each commit point of messages and digests: each goes out; one that goes out twice is the same to the byte."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reliability.harness.cases import Cases
from support.kills.children import kill_at, recorded
from support.kills.command import MESSAGES
from support.kills.kept_points import check, keys, parsed
from support.report.receivers import HttpReceiver, MailReceiver, http_receiver, mail_receiver

pytestmark = [pytest.mark.fault, pytest.mark.row("K1")]
STORY = "messages"
# Where, by which Message-ID or key, and what.
Taken = tuple[str, str, bytes]
# What says that a digest or a message is under way; behind the last round there is none.
OPEN = re.compile(r".*(?<!\.told)\.json|.*\.trying-.*|.*\.trying")
NOTES = {"basis.json", "failures.json", "snoozes.json"}


class Postbox(MailReceiver):
    """A mail server that notes to whom each mail came, and its bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Taken] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        self.taken.append((", ".join(envelope.rcpt_tos), str(self.mails[-1]["Message-ID"]), envelope.content))
        return answer


@dataclass(frozen=True)
class Servers:
    """A mail server and a web server that take everything, and what they took."""

    mail: Postbox
    web: HttpReceiver

    @property
    def arguments(self) -> tuple[str, str]:
        return self.web.base, str(self.mail.port)

    def taken(self) -> Counter[Taken]:
        posts = [
            (one.path, one.headers.get("webhook-id") or one.headers.get("Idempotency-Key") or "", one.body)
            for one in self.web.taken
        ]
        return Counter([*self.mail.taken, *posts])

    def forget(self) -> None:
        self.mail.taken.clear()
        self.web.taken.clear()


@contextmanager
def servers() -> Iterator[Servers]:
    postbox = Postbox()
    with mail_receiver(receiver=postbox), http_receiver() as web:
        yield Servers(postbox, web)


def under_way(lake: Path) -> list[str]:
    """Files of messages that nobody says have gone out."""
    names = [file.name for folder in ("ops/outbox", "ops/news") for file in (lake / folder).iterdir()]
    return [name for name in names if OPEN.fullmatch(name) and name not in NOTES]


def test_the_round_after_a_kill_sends_what_is_left_and_nothing_else(tmp_path: Path, cases: Cases) -> None:
    lake, names = tmp_path / "lake", tmp_path / "names"
    environ = {"COMPANY_ACTIVITY__LAKE__ROOT": str(lake)}
    with servers() as at:
        command = (str(lake), *at.arguments)
        check(STORY, recorded(MESSAGES, command, environ, names))
        undisturbed = at.taken()
        assert len(undisturbed) == undisturbed.total() == 8
        for key in cases.left(keys(STORY), short=3):
            with cases.one(key) as notes:
                shutil.rmtree(lake)
                at.forget()
                kill_at(*parsed(key), MESSAGES, command, environ)
                recorded(MESSAGES, command, environ, names)
                found = at.taken()
                assert found.keys() == undisturbed.keys()
                again = found - undisturbed
                assert again.total() <= 1
                notes.append(f"{again.total()} again" if again else "")
                assert under_way(lake) == []


def test_a_round_that_is_not_killed_sends_nothing_more_when_it_is_taken_again(tmp_path: Path) -> None:
    lake, names = tmp_path / "lake", tmp_path / "names"
    with servers() as at:
        for _ in range(2):
            recorded(MESSAGES, (str(lake), *at.arguments), {"COMPANY_ACTIVITY__LAKE__ROOT": str(lake)}, names)
        assert set(at.taken().values()) == {1}
