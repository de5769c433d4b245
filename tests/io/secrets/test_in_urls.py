"""A URL that is shown anywhere has lost all of its secrets."""

from __future__ import annotations

import pytest

from company_activity.errors import SettingsError
from company_activity.io.storage.folder import open_folder
from company_activity.io.storage.opening import open_storage
from company_activity.pipeline import unexpected
from company_activity.settings.loading import load_settings
from company_activity.settings.model import LandingSettings

SECRET = "s3cret"
WITH_SECRETS = [
    f"s3://me:{SECRET}@bucket/x",
    f"s3://bucket/x?sv=2024&sig={SECRET}%2B&se=2025",
    f"gs://bucket/x?X-Amz-Signature={SECRET}",
    f"ftp://me:a@{SECRET}@host:21/x",
    f"ftp://me:p/{SECRET}?@host/x",
    f"wasbs://raw@acme.blob.core.windows.net/x?%73ig={SECRET}",
    f"wasbs://raw@acme.blob.core.windows.net/x?account_key={SECRET};&y=z",
    f"ftp://host:8443/x?Password={SECRET}#access_token={SECRET}",
]


@pytest.mark.parametrize("url", WITH_SECRETS)
def test_a_place_that_cannot_be_used_is_told_without_its_secrets(url: str) -> None:
    scheme = url.partition(":")[0]
    for use in (open_folder, lambda root: open_storage(LandingSettings(root))):
        with pytest.raises(SettingsError) as refused:
            use(url)
        assert SECRET not in str(refused.value)
        assert scheme in str(refused.value)


def test_what_somebody_else_s_error_says_of_a_url_holds_no_secret() -> None:
    said = f"no host: 'https://me:{SECRET}@h/x?code={SECRET}' nor jdbc:sqlserver://h;d=1;pwd={SECRET};e=f"
    assert str(unexpected(RuntimeError(said))).startswith(
        "CompanyActivityError: RuntimeError: no host: 'https://h/x' nor jdbc:sqlserver://h;d=1;e=f — "
    )


def test_a_url_of_the_wrong_type_is_not_shown() -> None:
    with pytest.raises(SettingsError, match="setting sql.url in .*: its value does not fit") as refused:
        load_settings(environ={}, overrides={"sql.url": [f"jdbc:sqlserver://h;pwd={SECRET}"]})
    assert SECRET not in str(refused.value)
