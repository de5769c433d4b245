"""The engines that we publish to, one file each, and which of them a URL names.

A new engine is a file here, a line in `DIALECTS` and a folder in `sql/`.
"""

from __future__ import annotations

import re

from company_activity.errors import SettingsError
from company_activity.io.warehouse.engines.base import Dialect
from company_activity.io.warehouse.engines.h2 import H2
from company_activity.io.warehouse.engines.postgres import Postgres
from company_activity.io.warehouse.engines.sqlserver import AzureSql
from company_activity.io.warehouse.engines.synapse import Synapse
from company_activity.io.warehouse.jdbc_url import JdbcUrl, UrlForm, taken_apart

# Of two engines with the same URLs, the first that serves one is taken: a pool is known by its host.
DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect for dialect in (H2(), Postgres(), Synapse(), AzureSql())
}
FORMS: dict[str, UrlForm] = {
    dialect.url_form.scheme: dialect.url_form for dialect in DIALECTS.values()
}


def parsed(url: str) -> JdbcUrl:
    """Take a JDBC URL apart as its driver does.

    Raises:
        SettingsError: as `taken_apart`, and for a driver that we do not know.
    """
    scheme = re.match(r"jdbc:(\w+):", url)
    if scheme is None or scheme[1] not in FORMS:
        known = ", ".join(f"jdbc:{name}:" for name in FORMS)
        raise SettingsError(
            "sql.url names no engine that we publish to", remedy=f"begin it with one of: {known}"
        )
    return taken_apart(url, FORMS[scheme[1]])


def dialect_of(url: JdbcUrl, named: str = "") -> Dialect:
    """The engine behind a URL; `named` decides where several engines have such URLs.

    Raises:
        SettingsError: for a serverless pool, and for a Warehouse or a SQL analytics endpoint of Fabric.
    """
    found = next(dialect for dialect in DIALECTS.values() if dialect.serves(url))
    other = DIALECTS.get(named, found)
    # A dedicated pool may stand behind a host that does not say so.
    return other if type(other.url_form) is type(found.url_form) else found
