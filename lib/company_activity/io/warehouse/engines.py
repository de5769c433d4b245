"""From a target to its dialect."""

from __future__ import annotations

from company_activity.io.warehouse.dialects import H2, Dialect, Postgres
from company_activity.io.warehouse.tsql import AzureSql, Synapse

DIALECTS: dict[str, Dialect] = {d.name: d for d in (H2(), Postgres(), AzureSql(), Synapse())}
