"""What a session says of where its executors are."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from company_activity.runtime.session import has_executors_elsewhere


@pytest.mark.parametrize(
    ("master", "elsewhere"),
    [
        ("local", False),
        ("local[*]", False),
        ("local[2,3]", False),
        ("local-cluster[2,1,1024]", True),
        ("spark://127.0.0.1:7077", True),
        ("yarn", True),
    ],
)
def test_only_in_local_mode_is_the_driver_its_own_executor(master: str, elsewhere: bool) -> None:
    session = SimpleNamespace(_jvm=object(), conf=SimpleNamespace(get=lambda name, default: master))
    assert has_executors_elsewhere(session) is elsewhere  # type: ignore[arg-type]


def test_a_session_without_a_jvm_says_nothing_of_them() -> None:
    assert has_executors_elsewhere(SimpleNamespace()) is False  # type: ignore[arg-type]
