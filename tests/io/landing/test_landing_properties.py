"""However items are cut into pages, parts and files: the content digest is that of the items in their order."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from company_activity.io.landing.commit import begin
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.manifest import Manifest
from company_activity.io.storage.opening import LocalStorage
from company_activity.records.item import Item, canonical, content_digest
from company_activity.records.landed_line import item_of
from company_activity.settings.model import LandingSettings

from support.landing.pages import DAY, fetch, land, pages, session

NUMBERS = st.sampled_from(
    ["0", "-0", "1", "1.0", "1.00", "1e0", "10", "NaN", "Infinity", "123456789012345678901234567890"]
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=4).map(lambda text: json.dumps(text, ensure_ascii=False))
SPACES = st.sampled_from(["", " ", "\n", "\r\n\t"])
KEYS = st.sampled_from(['"a"', '"b"', '"_raw"', '"_date"', '"_page"', '"_item"', '"\\u005fraw"'])


@st.composite
def items(draw: st.DrawFn) -> str:
    """An item as some API might write it."""
    if draw(st.integers(0, 3)) == 0:
        return draw(NUMBERS | TEXTS | st.sampled_from(["null", "true", "[]", "[1, {}]", "{}", "{ \n}"]))
    members = draw(st.lists(st.tuples(KEYS, SPACES, NUMBERS | TEXTS), max_size=3))
    return "{" + ",".join(f"{key}{space}:{space}{value}{space}" for key, space, value in members) + "}"


@st.composite
def splits(draw: st.DrawFn, of: Sequence[str]) -> list[list[str]]:
    """These items cut into pages, some of them empty, none of several items twice: that would be no sound way."""
    borders = sorted(draw(st.lists(st.integers(0, len(of)), max_size=4)))
    cut = [list(of[start:end]) for start, end in pairwise([0, *borders, len(of)])]
    several = [tuple(map(canonical, page)) for page in cut if len(page) > 1]
    assume(len(set(several)) == len(several))
    return cut


LISTS = st.lists(items(), max_size=8)
FORMS = st.builds(
    LandingSettings,
    st.just(""),
    usage_container=st.just("c"),
    part_bytes=st.sampled_from([1, 100, 10_000]),
    compression=st.sampled_from(["none", "gzip"]),
)
no_fsync = mock.patch.object(os, "fsync", os.fstat)  # hundreds of landings, and no one pulls the plug


def landed_texts(landing: Landing, manifest: Manifest) -> list[Item]:
    """The items that readers find in the parts."""
    stored = [landing.storage.read(landing.at(part.path)) for part in manifest.parts]
    plain = [gzip.decompress(part) if part[:2] == b"\x1f\x8b" else part for part in stored]
    return [item_of(line) for part in plain for line in part.decode().split("\n")[:-1]]


@no_fsync
@settings(deadline=None, max_examples=50)
@given(st.data(), LISTS, FORMS, FORMS)
def test_pages_parts_and_compression_do_not_enter_the_digest(
    data: st.DataObject, texts: Sequence[str], one_form: Any, other_form: Any
) -> None:
    expected = [canonical(text) for text in texts]
    with TemporaryDirectory() as folder:
        for name, form in (("one", one_form), ("other", other_form)):
            landing = Landing(LocalStorage(Path(folder, name)), form)
            manifest = land(landing, *data.draw(splits(texts))).manifest
            assert manifest.content_digest == content_digest(expected)
            assert [item.canonical for item in landed_texts(landing, manifest)] == expected
            landing.check(manifest)


@no_fsync
@settings(deadline=None, max_examples=50)
@given(LISTS, LISTS)
def test_other_items_or_another_order_are_another_digest(texts: Sequence[str], others: Sequence[str]) -> None:
    assume([canonical(text) for text in texts] != [canonical(text) for text in others])
    with TemporaryDirectory() as folder:
        landing = Landing(LocalStorage(Path(folder)), LandingSettings(""))
        assert land(landing, texts).manifest.content_digest != land(landing, others).manifest.content_digest
        assert landing.generations() == {DAY: 2}


@no_fsync
@settings(deadline=None, max_examples=50)
@given(st.data(), LISTS, FORMS)
def test_a_run_killed_anywhere_lands_the_same(data: st.DataObject, texts: Sequence[str], form: LandingSettings) -> None:
    given_pages = pages(*data.draw(splits(texts)))
    done = data.draw(st.integers(0, len(given_pages)))
    with TemporaryDirectory() as folder:
        landing = Landing(LocalStorage(Path(folder)), form)
        fetch(landing, given_pages[:done], session())
        resumed = begin(landing, session("run-2"), 3600)
        assert (resumed.pages, resumed.is_resumed) == (done, done > 0)
        finished = fetch(landing, given_pages, session("run-3"))
        assert finished.content_digest == content_digest([canonical(text) for text in texts])
