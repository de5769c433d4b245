"""Three random orders of arrival through the command line: every date ends as in one full build, and as planned."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import LocalStorage

from support.cycle.place import Place
from support.lake.content import content, noted_by_date
from support.landing.histories import set_aside, write_crm
from support.landing.pages import land
from support.orders.arrivals import ROUNDS, Arrival, Order, random_orders

pytestmark = [pytest.mark.long, pytest.mark.full, pytest.mark.row("O1")]

SEED = 3
STEPS = "stage_crm,stage_usage,build_companies,build_activity"
ANY_LOSS = {"COMPANY_ACTIVITY__GATES__CRM_MAX_LOSS": "1"}  # a handful of companies: half of them are often absent


def let_arrive(place: Place, one: Arrival) -> None:
    if one.crm:
        write_crm(place.folder / "landing" / one.place, one.crm.snapshot)
        return
    landing = Landing(LocalStorage(place.folder / "landing"), place.settings.landing)
    day = date.fromisoformat(one.place)
    if one.usage:
        assert land(landing, one.texts, run_id=f"round-{one.round}", day=day)
    else:
        set_aside(landing, day)


def planned(place: Place, day: str, capfd: pytest.CaptureFixture[str]) -> tuple[set[str], set[str]]:
    """The dates that `plan` names, and those of them that it names exactly."""
    capfd.readouterr()
    assert place.run("plan", "--date", day, "--json", **ANY_LOSS) == 0
    plan = json.loads(capfd.readouterr().out)
    exact = {one["date"] for one in plan["build"] if one["bound"] == "exact"}
    return {one["date"] for one in plan["build"]} | set(plan["drop"]), exact | set(plan["drop"])


@pytest.mark.parametrize("order", random_orders(SEED, 3)[1], ids=lambda order: order.name)
def test_an_order_of_arrival_ends_as_one_full_build(
    spark: SparkSession, tmp_path: Path, order: Order, capfd: pytest.CaptureFixture[str]
) -> None:
    place, day = Place(tmp_path, "http://127.0.0.1:9/usage"), max(one.place for one in order.arrivals if not one.crm)
    lake, told = place.settings.lake.root, list[str]()
    for number in range(ROUNDS):
        for one in order.arrivals:
            if one.round == number:
                let_arrive(place, one)
        before, (named, exact) = noted_by_date(lake), planned(place, day, capfd)
        assert place.run("run", "--date", day, "--steps", STEPS, **ANY_LOSS) == 0
        after = noted_by_date(lake)
        rewritten = {one for one in before.keys() | after.keys() if before.get(one) != after.get(one)}
        told.append(f"round {number}: {len(rewritten)} of {len(after)} dates, {len(exact)} to {len(named)} planned")
        assert rewritten <= named

    whole = str(tmp_path / "whole")
    assert place.run("run", "--date", day, "--steps", STEPS, **ANY_LOSS, COMPANY_ACTIVITY__LAKE__ROOT=whole) == 0
    print("\n".join(told))
    assert noted_by_date(lake) == noted_by_date(whole)
    assert content(spark, lake) == content(spark, whole)
