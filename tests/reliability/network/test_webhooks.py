"""The connection to a webhook fails anywhere: the message comes, and twice only as the same bytes under the same key."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from company_activity.io.notify.channel import Channel, NotSent
from company_activity.io.notify.teams import Teams
from company_activity.io.notify.webhook import Webhook
from company_activity.settings.model import NotifySettings, Secret, SecretSettings

from reliability.harness.cases import Cases
from reliability.network.broken_wire import Fault, broken_wire, faults_of, unheard_port
from reliability.network.messages import MESSAGE, in_a_hurry, judge
from support.report.receivers import PATH, HttpReceiver, http_receiver

pytestmark = pytest.mark.fault

LENGTHS = {"webhook": (1100, 200), "teams": (2000, 200)}  # bytes that each side says, about
SECRETS = PATH.strip("/").split("?")


def channel_for(name: str, port: int) -> Channel:
    """The channel, with its server behind the wire."""
    url = Secret(f"http://127.0.0.1:{port}{PATH}")
    if name == "teams":
        return Teams(in_a_hurry(NotifySettings(teams_url=url)), SecretSettings())
    return Webhook(in_a_hurry(NotifySettings(webhook_url=url)), SecretSettings())


def taken_by(receiver: HttpReceiver) -> list[bytes]:
    """What came, each with the key that makes two of them one."""
    return [one.headers.get("Idempotency-Key", "").encode() + b"\n" + one.body for one in receiver.taken]


@pytest.mark.row("N4")
@pytest.mark.parametrize("name", ["webhook", "teams"])
def test_a_message_comes_whatever_the_wire_does(name: str, tmp_path: Path, cases: Cases) -> None:
    with http_receiver() as server, broken_wire(int(server.base.rpartition(":")[2])) as wire:
        channel = channel_for(name, wire.port)
        keys = {f"{name} {fault}": fault for fault in faults_of(*LENGTHS[name])}
        for key in cases.left(keys, short=4):
            with cases.one(key) as notes, TemporaryDirectory(dir=tmp_path) as folder:
                server.taken.clear()
                notes.append(judge(name, channel, wire, keys[key], Path(folder), lambda: taken_by(server), SECRETS))


@pytest.mark.row("N4")
@pytest.mark.parametrize("name", ["webhook", "teams"])
def test_nobody_listens(name: str) -> None:
    with unheard_port() as port, pytest.raises(NotSent, match="Connection refused") as refused:
        channel_for(name, port).send(MESSAGE)
    assert not [secret for secret in SECRETS if secret in str(refused.value)]


@pytest.mark.parametrize("name", ["webhook", "teams"])
def test_headers_cut_short_do_not_bring_the_address_into_the_log(name: str, tmp_path: Path) -> None:
    with http_receiver() as server, broken_wire(int(server.base.rpartition(":")[2])) as wire:
        fault = Fault("end", "answered", 100)
        assert judge(name, channel_for(name, wire.port), wire, fault, tmp_path, lambda: taken_by(server), SECRETS)
