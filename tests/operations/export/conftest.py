"""What the tests of `export` share that read no row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cycle.place import Place
from support.export.noted import without_spark


@pytest.fixture
def no_spark() -> Iterator[None]:
    """Whoever asks for Spark fails."""
    with without_spark():
        yield


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty one, whose API is not there."""
    return Place(tmp_path, "http://127.0.0.1:9/usage")
