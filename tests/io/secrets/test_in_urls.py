"""A URL that is shown anywhere has lost all of its secrets."""

from __future__ import annotations

import pytest

from company_activity.errors import SettingsError
from company_activity.io.secrets.in_urls import is_secret, without_secrets, without_secrets_in
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


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://h/x?user=me&a=1", "https://h/x?a=1"),
        ("https://h/x?a=1&UserName=me&b=2", "https://h/x?a=1&b=2"),
        ("https://h/x?sig=a&&pwd=b&y=z", "https://h/x?y=z"),
        ("https://h/x?token=a&sig=b", "https://h/x"),
        ("https://h/xX?sig=a", "https://h/xX"),
        ("https://h/x?sig=a&z=X", "https://h/x?z=X"),
        ("https://h/x?pwd=aXb&y=z", "https://h/x?y=z"),
        ("https://h/x?a=1;pwd=b&y=z", "https://h/x?a=1&y=z"),
        ("HTTPS://h/x?pwd=a;b&y=z", "HTTPS://h/x?y=z"),
        ("JDBC:POSTGRESQL://h/d?password=a;b&y=z", "JDBC:POSTGRESQL://h/d?y=z"),
        ("jdbc:sqlserver://h;pwd=aXb;y=z", "jdbc:sqlserver://h;y=z"),
        ("jdbc:sqlserver://h;pwd=a\\;y=z", "jdbc:sqlserver://h;y=z"),
        ("jdbc:h2:mem:x;PWD=a\\;b;MODE=M", "jdbc:h2:mem:x;MODE=M"),
        ("JDBC:H2:mem:x;PWD=a\\;b;MODE=M", "JDBC:H2:mem:x;MODE=M"),
        ("wasbs://raw@acme/x?sr=b&sig=s", "wasbs://raw@acme/x?sr=b"),
        ("https://token@h/x", "https://h/x"),
    ],
)
def test_a_secret_goes_and_nothing_else_does(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


def test_each_url_in_a_text_loses_its_secrets_and_the_words_stay() -> None:
    said = "Could not open https://h/x?sig=a&b=1 (see JDBC:h2:mem:x;PWD=p;M=1), nor a/b?sig=1"
    shown = "Could not open https://h/x?b=1 (see JDBC:h2:mem:x;M=1), nor a/b?sig=1"
    assert without_secrets_in(said) == shown


@pytest.mark.parametrize("name", ["Sig", "X-Amz-Signature", "sub%73cription-key", "api_key", "Access Key", "PW"])
def test_a_name_of_a_secret_is_known_however_it_is_written(name: str) -> None:
    assert is_secret(name)
