"""The webhook of a digest, as a real server gets it: by its schema, and signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.resources
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
import trustme

from company_activity.io.notify.channel import NotSent
from company_activity.io.notify.digest.digest import KINDS, Digest, Item
from company_activity.io.notify.digest.signature import key_of, signed
from company_activity.io.notify.digest.webhook import MOST_BYTES, MOST_PARTS, SCHEMA_VERSION, DigestWebhook
from company_activity.settings.model import NotifySettings, RecipientSettings, Secret, SecretSettings

from support.report.digests import REPORT, STATUS, digest, digest_of, hostile_digest, item, sent_by
from support.report.hostile_names import NAMES
from support.report.receivers import HttpReceiver, Posted

KEY = "whsec_" + base64.b64encode(bytes(range(32))).decode()
NOW = 1_763_953_200.9
SCHEMA = json.loads(
    importlib.resources.files("company_activity.io.notify.digest").joinpath("digest.schema.json").read_text()
)
Channel = Callable[..., DigestWebhook]
Received = Callable[[Digest], list[Posted]]


@pytest.fixture
def channel(settings: Callable[..., NotifySettings]) -> Channel:
    """A channel to a URL."""

    def channel(url: str, key: str = KEY, **more: Any) -> DigestWebhook:
        to = RecipientSettings(webhook_url=Secret(url), webhook_key=Secret(key))
        return DigestWebhook(to, settings(**more), SecretSettings(), clock=lambda: NOW)

    return channel


@pytest.fixture
def received(receive: Callable[..., HttpReceiver], channel: Channel, trusted: trustme.CA) -> Received:
    """Sends a digest over TLS; the requests that it took, each of which has kept the schema, the size and its signature."""

    def received(told: Digest) -> list[Posted]:
        receiver = receive(202, tls=trusted)
        sent = sent_by(channel(receiver.url), told)
        assert sent == [(f"{part:04d}", "127.0.0.1") for part in range(1, len(receiver.taken) + 1)]
        for posted in receiver.taken:
            validate(posted.json)
            assert is_ours(posted)
            assert len(posted.body) <= MOST_BYTES
        return receiver.taken

    return received


def validate(body: Any) -> None:
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(body)


def is_ours(posted: Posted) -> bool:
    """What a receiver does, by the description in the schema alone."""
    key = base64.b64decode(KEY.split("_")[1])
    headers = {name.lower(): value for name, value in posted.headers.items()}
    content = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), posted.body])
    ours = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    return hmac.compare_digest(f"v1,{ours}", headers["webhook-signature"])


def told_of(taken: list[Posted]) -> list[tuple[str, dict[str, Any]]]:
    """The companies of all parts, each with its kind."""
    return [(kind, one) for posted in taken for kind in KINDS for one in posted.json["sections"][kind]]


def test_a_webhook_gets_every_field_as_json(received: Received) -> None:
    told = digest(entered=[item()])
    [posted] = received(told)
    assert posted.headers["Content-Type"] == "application/json; charset=utf-8"
    assert posted.headers["webhook-id"] == f"{told.key}-1"
    assert posted.headers["webhook-timestamp"] == "1763953200"
    company = {
        "company_id": "c_126", "company_name": "Sudden Stop", "country": "ES",
        "reasons": ["31 user-days this week; 80 are usual", "no active user for 7 days"],
        "missing_user_days_7d": 54, "since": "2025-11-20", "ended_on": None, "renewal_on": "2025-12-31",
        "owner": "Ana Ruiz",
    }  # fmt: skip
    assert posted.json == {
        "schema_version": 1, "event": "digest", "id": f"{told.key}-1", "part": 1, "parts": 1,
        "pipeline": "company-activity", "recipient": "Ana Ruiz", "day": "2025-11-23", "environment": "synapse",
        "status_line": STATUS, "report": REPORT,
        "counts": {"entered": 1, "worsened": 0, "recovered": 0, "left": 0, "withdrawn": 0},
        "sections": {"entered": [company], "worsened": [], "recovered": [], "left": [], "withdrawn": []},
    }  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, 40, 2000])
def test_all_companies_arrive_once(received: Received, count: int) -> None:
    told = digest_of(count)
    taken = received(told)
    arrived = told_of(taken)
    assert sorted(one["company_id"] for _, one in arrived) == sorted(f"c_{number}" for number in range(count))
    assert arrived == [
        (kind, one.as_json() | {"reasons": list(one.reasons)}) for kind in KINDS for one in told.sections.get(kind, ())
    ]
    assert [posted.json["part"] for posted in taken] == list(range(1, len(taken) + 1))
    assert {posted.json["parts"] for posted in taken} == {len(taken)}
    assert all(posted.json["counts"] == told.counts for posted in taken)
    assert (len(taken) > 1) == (count == 2000)


def test_a_hundred_hostile_names_arrive_as_the_tables_hold_them(received: Received) -> None:
    arrived = [one["company_name"] for _, one in told_of(received(hostile_digest()))]
    assert arrived == [name[:1000].encode("utf-8", "replace").decode() for name in NAMES]


@pytest.mark.parametrize("text", ["x", '"', "😀", "\x00", "\ud800"])
def test_however_long_everything_is_a_body_keeps_its_size(received: Received, text: str) -> None:
    endless = text * 50_000
    company = Item(endless, endless, endless, (endless,) * 50, owner=endless)
    [posted] = received(Digest(endless, digest().day, endless, endless, endless, {"left": (company,)}))
    assert len(posted.json["sections"]["left"][0]["reasons"]) == 10


def test_what_fills_more_than_its_parts_is_counted_and_in_the_report(received: Received) -> None:
    text = "x" * 1000
    told = digest(entered=[item(number, text, reasons=(text,) * 10, owner=text) for number in range(1000)])
    taken = received(told)
    assert len(taken) == MOST_PARTS
    assert 300 < len(told_of(taken)) < 1000
    assert taken[0].json["counts"]["entered"] == 1000


def test_the_schema_is_one_and_refuses_what_it_does_not_know(received: Received) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["schema_version"]["const"] == SCHEMA_VERSION
    assert SCHEMA["$id"].endswith(f":{SCHEMA_VERSION}")
    [posted] = received(digest(entered=[item()]))
    company = posted.json["sections"]["entered"][0]
    for wrong in ({"colour": "red"}, {"since": "yesterday"}, {"company_id": None}, {"missing_user_days_7d": "54"}):
        sections = posted.json["sections"] | {"entered": [company | wrong]}
        with pytest.raises(jsonschema.ValidationError):
            validate(posted.json | {"sections": sections})
    with pytest.raises(jsonschema.ValidationError):
        validate(posted.json | {"schema_version": 2})


def test_a_body_an_id_or_a_time_that_was_changed_is_not_ours(received: Received) -> None:
    [posted] = received(digest_of(1))
    assert not is_ours(Posted(posted.path, posted.headers, posted.body.replace(b"c_0", b"c_1")))
    for name in ("webhook-id", "webhook-timestamp"):
        assert not is_ours(Posted(posted.path, posted.headers | {name: "1"}, posted.body))


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example that its libraries are tested with."""
    key = key_of(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    assert signed(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}') == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_digest_that_is_sent_again_has_the_same_id(received: Received) -> None:
    [first], [again] = received(digest_of(40)), received(digest_of(40))
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert first.body == again.body


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "has no value"),
        ("hunter2", "is no whsec_ key"),
        ("whsec_hunter2", "is no whsec_ key"),
        ("whsec_" + base64.b64encode(b"s3cret").decode(), "is no whsec_ key"),
        ("secret://hook-key-of-nobody", "no secret 'hook-key-of-nobody'"),
    ],
)
def test_without_a_key_nothing_is_sent(
    receive: Callable[..., HttpReceiver], channel: Channel, key: str, said: str
) -> None:
    receiver = receive()
    with pytest.raises(NotSent) as why:
        sent_by(channel(receiver.url, key), digest_of(1))
    assert str(why.value).startswith("notify.owners.Ana Ruiz.webhook_key")
    assert said in str(why.value)
    assert not {"hunter2", "s3cret", key.removeprefix("whsec_") or "-none-"} & set(str(why.value).split())
    assert receiver.asked == 0


def test_a_server_that_asks_for_a_second_gets_it(receive: Callable[..., HttpReceiver], channel: Channel) -> None:
    receiver = receive(429, 202)
    receiver.retry_after = "1"
    sent_by(channel(receiver.url, max_attempts=2), digest_of(1))
    assert (receiver.asked, len(receiver.taken)) == (2, 1)
    assert is_ours(receiver.taken[0])
