"""The product-usage API: a date's pages, one after the other, whatever the API does."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from datetime import date

from company_activity.errors import ApiError
from company_activity.io.api.api_url import checked_url, secrets_in, without_secrets
from company_activity.io.api.bearer import Bearer
from company_activity.io.api.page import TELL_ITS_OWNER, Page, Pagination, PagingBroken
from company_activity.io.api.page_url import page_url
from company_activity.io.api.request import PageRequest
from company_activity.io.net.http_session import HttpSession
from company_activity.records.tombstone import NO_TOMBSTONES, Tombstones
from company_activity.settings.model import ApiSettings, Secret

SHOWN_CHARACTERS = 1000


class UsageApi:
    """Asks for a date's pages, retries what may pass, and yields only what can be kept.

    `key` is called before the first request, and again when the API answers 401 or 403. `url` is
    the API's address without what must not be shown. Items of `erased` companies are in no page.
    """

    def __init__(
        self,
        api: ApiSettings,
        key: Callable[[], Secret],
        *,
        sleep: Callable[[float], None] = time.sleep,
        erased: Tombstones = NO_TOMBSTONES,
    ) -> None:
        self.url = without_secrets(checked_url(api.url))
        self._api = api
        self._erased = erased
        self._bearer = Bearer(key, secrets_in(api.url))
        self._session = HttpSession()
        self._request = PageRequest(api, self._bearer, self._session, sleep)

    @property
    def source(self) -> str:
        """A digest of address and page size: pages of two sources are never combined."""
        return hashlib.sha256(f"{self._api.url}\n{self._api.page_size}".encode()).hexdigest()[:16]

    def pages(self, day: date, after: Pagination | None = None) -> Iterator[Page]:
        """The pages of `day` to its end, from where `after` stands, else from page 1.

        A page is yielded once its next page is known to be sound; `after` moves on with each page.

        Raises:
            PagingBroken: if only a fresh start at page 1 can help.
            ApiError: if a page cannot be had, or breaks the contract.
            SettingsError: if the key cannot be found or sent.
        """
        pagination = Pagination() if after is None else after
        while (asked := pagination.next_page) is not None:
            found = self._step(day, asked, pagination)
            if isinstance(
                found, ApiError
            ):  # raised here, so that no error with its text unhidden hangs on it
                raise found
            yield found

    def close(self) -> None:
        """Close the connections that were kept open."""
        self._session.close()

    def _step(self, day: date, asked: int | str, pagination: Pagination) -> Page | ApiError:
        """The next page, or why not, in words that may be shown."""
        try:
            whole = self._request.page(page_url(self._api, day, asked), pagination.number + 1)
            page = whole.without(self._erased)
            self._check_way_on(day, page)
            pagination.step(page)
        except ApiError as error:
            what = _bounded(self._bearer.hide(f"{day}: {error.what}"))
            return type(error)(f"{what} (asked {self.url})", remedy=self._bearer.hide(error.remedy))
        return page

    def _check_way_on(self, day: date, page: Page) -> None:
        if page.next_page is None:
            return
        page_url(self._api, day, page.next_page)
        if page.number >= self._api.max_pages:
            raise PagingBroken(
                f"page {page.number} names a next one, beyond api.max_pages",
                remedy=f"raise it if the date has that many pages; else {TELL_ITS_OWNER}",
            )


def _bounded(text: str) -> str:
    """The beginning of a text that may hold whatever the API sent."""
    return (
        text
        if len(text) <= SHOWN_CHARACTERS
        else f"{text[:SHOWN_CHARACTERS]}… ({len(text):,} characters)"
    )
