"""Where pages may be asked for, and what is shown of the address."""

from __future__ import annotations

import pytest

from company_activity.errors import SettingsError
from company_activity.io.api.api_url import checked_url, origin, without_secrets

NO_URL = "SettingsError: setting api.url is no http(s) URL — give it as https://host/path"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/x", ("https", "h", 443)),
        ("http://H:81/x", ("http", "h", 81)),
        ("http://h", ("http", "h", 80)),
        ("ftp://h", ("ftp", "h", 0)),
        ("/x", ("", "", 0)),
    ],
)
def test_an_origin_has_the_default_port_of_its_scheme(url: str, expected: tuple[str, str, int]) -> None:
    assert origin(url) == expected


@pytest.mark.parametrize("url", ["https://h/x", "http://127.0.0.1:1/x", "http://localhost", "http://[::1]:8/x"])
def test_https_and_this_machine_may_be_asked(url: str) -> None:
    assert checked_url(url) == url


@pytest.mark.parametrize(
    "url",
    ["", "h/x", "ftp://127.0.0.1:21", "https://", "https://:8443/x", "https://h:x/", "https://h/a b", "https://h\\@i"],
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        checked_url(url)
    assert str(refused.value) == NO_URL


def test_a_key_in_clear_is_refused() -> None:
    with pytest.raises(SettingsError) as refused:
        checked_url("http://h.test:81/x?code=s3cret")
    assert str(refused.value) == (
        "SettingsError: setting api.url would send the key in clear, over http:// to h.test"
        " — give it as https://…; http:// is for 127.0.0.1, ::1 and localhost"
    )


def test_a_password_with_an_at_is_not_shown() -> None:
    assert without_secrets("https://me:p@w@h:1/x?code=s3cret#y") == "https://h:1/x"
    assert without_secrets("https://h/x") == "https://h/x"
