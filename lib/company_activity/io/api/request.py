"""One page, asked for until it comes whole or the attempts are spent."""

from __future__ import annotations

import logging
import time
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import BadStatusLine, RemoteDisconnected

import requests
from urllib3.exceptions import HTTPError, MaxRetryError

from company_activity import __version__
from company_activity.errors import ApiError
from company_activity.io.api.bearer import Bearer
from company_activity.io.api.body import read_body
from company_activity.io.api.deadline import DeadlineAdapter
from company_activity.io.api.envelope import COMPARED
from company_activity.io.api.page import (
    FIRST_PAGE,
    TELL_ITS_OWNER,
    NotAPage,
    Page,
    PagingBroken,
    read_page,
)
from company_activity.io.api.page_url import shown_target
from company_activity.io.api.retry import TRANSIENT_STATUSES, CappedRetry, TransientError
from company_activity.io.net.causes import cause, chain, is_untrusted_certificate, shown
from company_activity.settings.model import ApiSettings

log = logging.getLogger(__name__)
EXCERPT_BYTES = 4096
RUN_AGAIN = "the API is failing: run again later, within api.resume_max_age it goes on at this page"
HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"company-activity/{__version__}",
}


class KeyRefused(Exception):
    """The API answered 401 or 403."""


class PageRequest:
    """Asks one server for pages, one at a time."""

    def __init__(
        self,
        api: ApiSettings,
        bearer: Bearer,
        session: requests.Session,
        sleep: Callable[[float], None],
    ) -> None:
        self._api = api
        self._bearer = bearer
        self._session = session
        self._sleep = sleep
        self._adapter = DeadlineAdapter()
        for scheme in ("http://", "https://"):
            session.mount(scheme, self._adapter)

    def page(self, url: str, number: int) -> Page:
        """The page at `url`; a key that is refused is looked for once more.

        Raises:
            ApiError: if it does not come whole within `api.max_attempts` and `api.time_budget_seconds`, or is none.
        """
        retry = CappedRetry.of(self._api)
        deadline = time.monotonic() + self._api.time_budget_seconds
        has_new_key = False
        with self._adapter.deadline_in(self._api.time_budget_seconds):
            while True:
                try:
                    return self._attempt(url, number)
                except KeyRefused as refused:
                    if has_new_key:
                        raise ApiError(
                            f"page {number}: {refused}, also with the key read again",
                            remedy="check api.key and what it may read",
                        ) from None
                    self._bearer.renew()
                    has_new_key = True
                except (TransientError, NotAPage) as failure:
                    retry = self._waited(retry, deadline, failure, number)

    def _waited(
        self, retry: CappedRetry, deadline: float, failure: TransientError | NotAPage, number: int
    ) -> CappedRetry:
        """Wait before the next attempt; the policy after this failure."""
        reason = failure.what if isinstance(failure, NotAPage) else f"page {number}: {failure}"
        try:
            retry = retry.increment("GET", error=failure)
        except MaxRetryError:
            raise ApiError(
                f"{reason}, in attempt {self._api.max_attempts} of as many", remedy=RUN_AGAIN
            ) from None
        seconds = retry.wait_seconds(
            failure.response if isinstance(failure, TransientError) else None
        )
        if self._adapter.is_time_up or seconds >= deadline - time.monotonic():
            budget = f"api.time_budget_seconds ({self._api.time_budget_seconds:g})"
            raise ApiError(f"{reason}, and another attempt would exceed {budget}", remedy=RUN_AGAIN)
        log.warning(
            "%s: attempt %d of %d in %.1f s",
            self._bearer.hide(reason),
            len(retry.history) + 1,
            self._api.max_attempts,
            seconds,
        )
        self._sleep(seconds)
        return retry

    def _attempt(self, url: str, number: int) -> Page:
        try:
            text = self._text(url, number)
        except (requests.RequestException, HTTPError, OSError) as error:
            if is_untrusted_certificate(error):
                raise ApiError(
                    f"page {number}: {cause(error)}",
                    remedy="check api.url, or trust the certificate's authority",
                ) from None
            raise TransientError(
                "time is up" if self._adapter.is_time_up else no_answer(error)
            ) from None
        except TransientError:
            if self._adapter.is_time_up:
                raise TransientError("time is up") from None
            raise
        if self._adapter.is_time_up:
            raise TransientError("time is up")
        return read_page(text, number, COMPARED[self._api.total_member])

    def _text(self, url: str, number: int) -> str:
        with self._session.get(
            url,
            headers=HEADERS,
            auth=self._bearer,
            timeout=self._api.timeout_seconds,
            stream=True,
            allow_redirects=False,
        ) as response:
            self._check_status(response, number)
            body = read_body(response, self._api.max_page_bytes)
        begins = body[:EXCERPT_BYTES].removeprefix(BOM_UTF8).lstrip()[:1]
        if begins == b"<":
            raise ApiError(
                f"page {number} is HTML: {self._excerpt(body)}",
                remedy="check api.url: does a login page answer?",
            )
        if begins not in (b"", b"{"):
            raise NotAPage(f"page {number} is no JSON object: {self._excerpt(body)}")
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise NotAPage(f"page {number} is not UTF-8 at byte {error.start}") from None

    def _check_status(self, response: requests.Response, number: int) -> None:
        status = response.status_code
        if status == 200:
            return
        said = f"{status} {shown(self._bearer.hide(response.reason)) if response.reason else ''}".strip()
        if status in TRANSIENT_STATUSES:
            raise TransientError(said, response.raw)
        if status in (401, 403):
            raise KeyRefused(said)
        if response.is_redirect:
            target = shown_target(str(response.url), response.headers["Location"])
            raise ApiError(
                f"page {number}: {said} to {target}",
                remedy="redirects are not followed: set api.url to where it moved",
            )
        excerpt = self._excerpt(b"".join(_beginning(response)))
        broken = ApiError if number == FIRST_PAGE else PagingBroken
        raise broken(f"page {number}: {said}: {excerpt}", remedy=TELL_ITS_OWNER)

    def _excerpt(self, body: bytes) -> str:
        text = body[:EXCERPT_BYTES].decode("utf-8", "replace")
        return shown(
            self._bearer.hide(text)[: EXCERPT_BYTES // 2]
        )  # half: the key may be cut at the end


def _beginning(response: requests.Response) -> Iterator[bytes]:
    """The beginning of a body that is only shown: what the status says holds without it."""
    with suppress(HTTPError, OSError):
        yield response.raw.read(EXCERPT_BYTES, decode_content=True)


def no_answer(error: BaseException) -> str:
    """Why no answer began, in our own words where Python's are only its own."""
    for link in chain(error):
        if isinstance(link, RemoteDisconnected):
            return "the connection was closed before an answer came"
        if isinstance(link, BadStatusLine):
            return f"the answer is not HTTP: {shown(str(link.args[0]))}"
    return cause(error)
