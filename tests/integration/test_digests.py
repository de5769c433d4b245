"""Owners are told of their companies, from the CRM file to a webhook; whoever is set aside waits."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from company_activity.settings.loading import conf_dir

from support.cycle.place import LAST, SAMPLES, Place
from support.report.receivers import HttpReceiver, http_receiver

pytestmark = pytest.mark.long
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OWNERS = {"c_126": "Ana Ruiz", "c_130": "Bo Ek"}
NOTIFY = """notify:
  owners:
    Ana Ruiz: {{webhook_url: "{ana}", webhook_key: {key}}}
  default: {{webhook_url: "{others}", webhook_key: {key}}}
  everyone: {{webhook_url: "{all}", webhook_key: {key}}}
"""


@pytest.fixture
def place(sample_place: Place, tmp_path: Path) -> Iterator[Place]:
    """The sample, and a CRM file that says whose two companies are."""
    with sample_place.copied(tmp_path / "place", SAMPLES / "usage") as place:
        with (SAMPLES / "crm" / "crm_2025-11-20.csv").open(encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file))
        with (tmp_path / "crm_2025-11-23.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            at = header.index("owner")
            writer.writerows([*row[:at], OWNERS.get(row[0], ""), *row[at + 1 :]] for row in rows)
        place.drop_crm(tmp_path / "crm_2025-11-23.csv")
        yield place


def told(receiver: HttpReceiver) -> list[list[tuple[str, str]]]:
    """What each request told: company and kind."""

    def of_body(body: Any) -> list[tuple[str, str]]:
        return [(one["company_id"], kind) for kind, items in body["sections"].items() for one in items]

    return [of_body(posted.json) for posted in receiver.taken]


def test_each_owner_hears_of_their_companies_once(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    aside = place.folder / "landing/raw/crm/snoozed.csv"
    aside.write_text("company_id,until,why\nc_126,2025-12-24,on leave\nc_130,soon,\n", encoding="utf-8")
    with http_receiver([503, 202]) as ana, http_receiver() as others, http_receiver() as everyone:
        urls = {"ana": ana.url, "others": others.url, "all": everyone.url}
        file = place.folder / "mine.yaml"
        local = (conf_dir({}) / "local.yaml").read_text(encoding="utf-8")
        file.write_text(local.replace("notify:\n", NOTIFY.format(key=KEY, **urls)), encoding="utf-8")
        run = ("run", "--date", LAST, "--settings", str(file))
        more = {"COMPANY_ACTIVITY__NOTIFY__MAX_ATTEMPTS": "1"}
        assert place.run(*run, **more) == 6  # all but a message: Ana's server is busy
        warned = capsys.readouterr()
        assert "snoozed.csv, line 3: until 'soon' is no date" in warned.out
        assert "notify.owners.Ana Ruiz.webhook_url" in warned.err
        assert told(others) == told(everyone) == [[("c_130", "entered")]]
        assert everyone.taken[0].json["sections"]["entered"][0]["owner"] == "Bo Ek"
        page = max((place.folder / "reports").glob("*.html"), key=lambda one: one.stat().st_mtime_ns)
        assert "Set aside until 24 December 2025: <bdi>on leave</bdi>" in page.read_text(encoding="utf-8")

        assert place.run(*run, **more) == 0
        assert told(ana) == [[]]  # the quiet line that was kept
        assert place.run(*run, **more) == 0
        assert "starting Spark" not in capsys.readouterr().out

        aside.unlink()
        assert place.run(*run, **more) == 0
        assert told(ana) == [[], [("c_126", "entered")]]
        assert told(everyone) == [[("c_130", "entered")], [("c_126", "entered")]]
        assert told(others) == [[("c_130", "entered")]]
        assert place.run(*run, **more) == 0
        assert [len(one.taken) for one in (ana, others, everyone)] == [2, 1, 2]
