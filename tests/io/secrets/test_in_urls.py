"""A URL that is shown anywhere has lost all of its secrets."""

from __future__ import annotations

from typing import Any

import pytest

from company_activity.errors import SettingsError
from company_activity.io.storage.folder import open_folder
from company_activity.io.storage.opening import open_storage
from company_activity.pipeline import unexpected
from company_activity.settings.loading import load_settings
from company_activity.settings.model import LandingSettings

SECRET = "s3cret"
SHOWN = {  # what is left of each
    f"s3://me:{SECRET}@bucket/x": "s3://bucket/x",
    f"s3://bucket/x?sv=2024&sig={SECRET}%2B&se=2025": "s3://bucket/x?sv=2024&se=2025",
    f"gs://bucket/x?X-Amz-Signature={SECRET}": "gs://bucket/x",
    f"ftp://me:a@{SECRET}@host:21/x": "ftp://host:21/x",
    f"ftp://me:p/{SECRET}?@host/x": "ftp://host/x",
    f"wasbs://raw@acme.blob.core.windows.net/x?%73ig={SECRET}": "wasbs://raw@acme.blob.core.windows.net/x",
    f"wasbs://raw@acme.blob.core.windows.net/x?account_key={SECRET};&y=z": "wasbs://raw@acme.blob.core.windows.net/x?y=z",
    f"ftp://host:8443/x?Password={SECRET}#access_token={SECRET}": "ftp://host:8443/x",
    "wasbs://raw@acme.blob.core.windows.net/x?key_of=me@corp": "wasbs://raw@acme.blob.core.windows.net/x?key_of=me@corp",
}


@pytest.mark.parametrize(("url", "shown"), SHOWN.items())
def test_a_place_that_cannot_be_used_is_named_without_its_secrets(url: Any, shown: Any) -> None:
    with pytest.raises(SettingsError) as refused:
        open_folder(url)
    assert f"at '{shown}'" in str(refused.value)
    with pytest.raises(SettingsError) as refused:
        open_storage(LandingSettings(url))
    assert f"landing.root {shown} cannot" in str(refused.value)


def test_what_somebody_else_s_error_says_of_a_url_holds_no_secret() -> None:
    said = f"no host: 'https://me:{SECRET}@h/x?code={SECRET}' nor jdbc:sqlserver://h;d=1;pwd={SECRET};e=f"
    assert str(unexpected(RuntimeError(said))).startswith(
        "CompanyActivityError: RuntimeError: no host: 'https://h/x' nor jdbc:sqlserver://h;d=1;e=f — "
    )


def test_a_url_of_the_wrong_type_is_not_shown() -> None:
    with pytest.raises(SettingsError, match="setting sql.url in .*: its value does not fit") as refused:
        load_settings(environ={}, overrides={"sql.url": [f"jdbc:sqlserver://h;pwd={SECRET}"]})
    assert SECRET not in str(refused.value)
