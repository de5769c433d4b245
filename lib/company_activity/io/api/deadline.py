"""The connection to the API, which is cut when the deadline of its page has passed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool


class FinalAnswer(HTTPResponse):
    """The final answer: interim ones (103 Early Hints) are skipped. Python skips only a 100."""

    def begin(self) -> None:
        """As the parent, until the head of an answer has come that is more than an announcement."""
        super().begin()
        while 100 <= self.status < 200 and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]  # as before the first: begin() asks for it
            super().begin()


class DeadlineAdapter(HTTPAdapter):
    """An adapter that cuts its connection when the time is up.

    A read timeout bounds each wait for bytes, not their sum: a server that drips one byte now and
    then, in the head or in the body, would hold us for ever.
    """

    def __init__(self) -> None:
        self.is_time_up = False
        self._turn: object = None
        self._socket: socket.socket | None = None
        super().__init__(max_retries=0)

    @contextmanager
    def deadline_in(self, seconds: float) -> Iterator[None]:
        """Let whatever is read inside end after `seconds`: `is_time_up` then says why."""
        self.is_time_up = False
        self._turn = turn = object()
        timer = threading.Timer(seconds, self._time_is_up, [turn])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            self._turn = None

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As the parent, with connections that show us their sockets."""
        super().init_poolmanager(*args, **kwargs)
        self._watch(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """As the parent, with connections that show us their sockets."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        self._watch(manager)
        return manager

    def _watch(self, manager: Any) -> None:
        from urllib3.poolmanager import pool_classes_by_scheme as pools

        manager.pool_classes_by_scheme = {
            scheme: self._watched(pool) for scheme, pool in pools.items()
        }

    def _watched(self, pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
        plain: Any = pool.ConnectionCls

        def connect(connection: Any) -> None:
            plain.connect(connection)
            self._socket = connection.sock
            if self.is_time_up:  # the time ran out while we were connecting
                self._cut()

        watched = type(
            plain.__name__, (plain,), {"connect": connect, "response_class": FinalAnswer}
        )
        return type(pool.__name__, (pool,), {"ConnectionCls": watched})

    def _time_is_up(self, turn: object) -> None:
        if turn is self._turn:  # else a timer of the page before, too late to be cancelled
            self.is_time_up = True
            self._cut()

    def _cut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # closed already
                # not SSLSocket.shutdown: it would take the TLS state from under the thread that reads
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
