"""Spark masks what says how to log in, as long as it writes, and besides what it masked before."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from company_activity.io.warehouse.redaction import SETTING, redacted_options


class Conf(dict[str, str]):
    """A session's properties."""

    set = dict.__setitem__


@pytest.mark.parametrize("before", ["(?i)url", "(?i)account"])
def test_options_that_log_in_are_masked_besides_what_was(before: str) -> None:
    conf = Conf() if before == "(?i)url" else Conf({SETTING: before})
    spark: Any = SimpleNamespace(conf=conf)
    with redacted_options(spark):
        masked = re.compile(conf[SETTING].replace("(?i)", ""), re.IGNORECASE)
        names = ("accessToken", "PASSWORD", "clientSecret", "user", before.removeprefix("(?i)"))
        assert [name for name in names if not masked.search(name)] == []
        assert conf[SETTING] == f"{before}|(?i)token|password|secret|user"
    assert conf[SETTING] == before


def test_a_write_that_fails_leaves_the_session_as_it_was() -> None:
    spark: Any = SimpleNamespace(conf=Conf({SETTING: "x"}))
    with pytest.raises(KeyError), redacted_options(spark):
        raise KeyError
    assert spark.conf[SETTING] == "x"
