"""The samples' programs are scripts: they find each other, and their tests find them, in their own folder."""

import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "samples"
sys.path.insert(0, str(SAMPLES))


@pytest.fixture
def samples() -> Path:
    """The folder of the committed samples."""
    return SAMPLES
