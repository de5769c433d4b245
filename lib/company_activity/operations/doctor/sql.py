"""The warehouse as its address tells it: the settings name one, and somebody answers there. Nothing is asked."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING

from company_activity.errors import SettingsError
from company_activity.io.net.causes import cause
from company_activity.io.secrets.resolve import resolve
from company_activity.io.warehouse.engines import dialect_of, parsed
from company_activity.io.warehouse.jdbc_url import JdbcUrl
from company_activity.io.warehouse.target_of import target_of
from company_activity.operations.doctor.finding import Finding
from company_activity.settings.model import Secret

if TYPE_CHECKING:
    from company_activity.run import Run

WAIT_SECONDS = 5.0


def check_sql(run: Run) -> Finding:
    """The settings name a warehouse that we may publish to, and a server takes connections there."""
    sql = run.settings.sql
    if sql.auth == "password":
        try:
            sql = replace(sql, password=resolve(sql.password, run.settings.secrets))
        except SettingsError:  # `check_secret` tells it
            sql = replace(sql, password=Secret(""))
    target = target_of(sql)
    url = parsed(sql.url)
    if dialect_of(url, sql.engine).is_of_one_process(url):
        return Finding("sql", f"{target.shown}: opened by Spark's own process")
    if not url.addresses:
        what = f"not asked: where {target.shown} leads, only its driver finds out (--deep)"
        return Finding("sql", what, is_looked_at=False)
    refusals = refusals_of(url)
    if len(refusals) < len(url.addresses):
        return Finding("sql", f"{target.shown}: a server takes connections ({target.engine})")
    remedy = "start it, or correct sql.url; see that firewall and network let this machine reach it"
    return Finding("sql", f"nobody answers at {'; '.join(refusals)}", 5, remedy)


def refusals_of(url: JdbcUrl) -> list[str]:
    """Of each server that takes no connection its address, and why."""
    refusals = []
    for host, port in url.addresses:
        try:
            socket.create_connection((host, port), WAIT_SECONDS).close()
        except (OSError, UnicodeError, OverflowError) as error:
            refusals.append(f"{host}:{port} ({cause(error)})")
    return refusals
