"""What the reliability tests share."""

from __future__ import annotations

from support.warehouse.postgres import postgres

__all__ = ["postgres"]  # a fixture: found by its name
