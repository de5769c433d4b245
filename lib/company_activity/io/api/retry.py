"""When a failed request is retried: urllib3's Retry, with a cap on `Retry-After`."""

from __future__ import annotations

from typing import Any, Self

from urllib3.exceptions import InvalidHeader
from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import Retry

from company_activity.settings.model import ApiSettings

TRANSIENT_STATUSES = frozenset(
    {408, 425, 429, *range(500, 600)}
)  # a server, or a proxy before it, that is failing


class TransientError(Exception):
    """A failure that may pass: a status, a broken connection, a body cut short."""

    def __init__(self, reason: str, response: BaseHTTPResponse | None = None) -> None:
        super().__init__(reason)
        self.response = response


class CappedRetry(Retry):
    """Exponential backoff with jitter, or `Retry-After`; neither beyond `cap_seconds`."""

    def __init__(self, *args: Any, cap_seconds: float = 120.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cap_seconds = cap_seconds

    @classmethod
    def of(cls, api: ApiSettings) -> Self:
        """The policy that the settings ask for."""
        return cls(
            total=api.max_attempts - 1,
            backoff_factor=api.backoff_seconds,
            backoff_jitter=api.backoff_seconds,
            backoff_max=api.retry_after_cap_seconds,
            cap_seconds=api.retry_after_cap_seconds,
        )

    def new(self, **kw: Any) -> Self:
        """The same policy after one more failure."""
        return super().new(cap_seconds=self.cap_seconds, **kw)

    def wait_seconds(self, response: BaseHTTPResponse | None) -> float:
        """How long to wait before the next attempt."""
        asked = self.get_retry_after(response) if response is not None else None
        return asked or self.get_backoff_time()

    def parse_retry_after(self, retry_after: str) -> float:
        """Seconds from now; 0 (so: backoff) if the value is past, negative or invalid.

        >>> [CappedRetry(cap_seconds=60.0).parse_retry_after(text) for text in ("7", "-5", "soon", "9" * 5000)]
        [7.0, 0.0, 0.0, 60.0]
        """
        text = retry_after.strip()
        if text.isascii() and text.isdigit():
            return min(float(text), self.cap_seconds)
        try:
            return min(max(super().parse_retry_after(text), 0.0), self.cap_seconds)
        except (InvalidHeader, ValueError, OverflowError, TypeError):
            return 0.0
