"""A client of HTTP that goes where it is sent, and nowhere else."""

from __future__ import annotations

import logging
from typing import Any

import requests

from company_activity.io.net.quiet_logs import hide_targets

hide_targets()


class HttpSession(requests.Session):
    """Follows no redirect; what goes to this machine in clear does not go by way of a proxy on another one.

    It does not even look at where a redirect leads: requests would raise what it thinks of a
    malformed target, and read the answer's body without a bound.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: no answer is a redirect."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """As the parent, without the environment's proxy for plain http."""
        proxies = {**(kwargs.pop("proxies", None) or {}), "http": ""}
        return super().send(request, proxies=proxies, **kwargs)


def without_addresses(record: logging.LogRecord) -> bool:
    """Whether a line of urllib3 may be logged: one about headers cut short has the URL, a secret of webhooks."""
    return not str(record.msg).startswith("Failed to parse headers")


for name in ("urllib3.connection", "urllib3.connectionpool"):  # of urllib3 2, and of 1
    logging.getLogger(name).addFilter(without_addresses)
