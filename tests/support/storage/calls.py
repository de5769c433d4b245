"""What a storage is asked for while a test looks on."""

from __future__ import annotations

from typing import Any

import pytest


def first_arguments(monkeypatch: pytest.MonkeyPatch, owner: type, method: str) -> list[str]:
    """The first argument of each call of a method from now on; the calls go through."""
    asked: list[str] = []
    real = getattr(owner, method)

    def noted(self: object, first: str, *more: Any, **named: Any) -> Any:
        asked.append(first)
        return real(self, first, *more, **named)

    monkeypatch.setattr(owner, method, noted)
    return asked
