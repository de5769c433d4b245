"""What a JDBC URL says, and what it must not say."""

from __future__ import annotations

import pytest

from company_activity.errors import SettingsError
from company_activity.io.sql.target import engine_of, target_of, without_credentials
from company_activity.settings import Secret, SqlSettings

AZURE = "jdbc:sqlserver://s.database.windows.net:1433;database=d"
POSTGRES = "jdbc:postgresql://db.example/activity"


@pytest.mark.parametrize(
    ("url", "engine"),
    [
        ("jdbc:h2:file:/x;MODE=MSSQLServer", "h2"),
        (POSTGRES, "postgres"),
        (AZURE, "azuresql"),
        ("jdbc:sqlserver://w.sql.azuresynapse.net;database=p", "synapse"),
        ("jdbc:sqlserver://W.SQL.AzureSynapse.azure.cn;database=p", "synapse"),
    ],
)
def test_the_url_names_the_engine(url, engine):
    assert engine_of(url) == engine


@pytest.mark.parametrize("url", ["jdbc:mysql://x/y", "sqlserver://x", ""])
def test_an_engine_that_we_do_not_know_is_refused(url):
    with pytest.raises(SettingsError, match="no engine that we publish to"):
        engine_of(url)


def test_a_serverless_pool_is_refused():
    with pytest.raises(SettingsError, match="serverless"):
        engine_of("jdbc:sqlserver://w-ondemand.sql.azuresynapse.net;database=p")


def test_a_setting_names_the_engine_that_the_url_hides():
    assert target_of(SqlSettings(AZURE, engine="synapse"), "local").engine == "synapse"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"{AZURE};user=u;password=p;encrypt=true", f"{AZURE};encrypt=true"),
        (f"{AZURE};password={{a;b}};user=u", AZURE),
        (f"{AZURE}; Password = p", AZURE),
        (f"{POSTGRES}?user=u&password=p", POSTGRES),
        (f"{POSTGRES}?password=p&sslmode=verify-full&user=u", f"{POSTGRES}?sslmode=verify-full"),
        ("jdbc:h2:mem:x;USER=sa;PASSWORD=p", "jdbc:h2:mem:x"),
    ],
)
def test_credentials_leave_the_url_and_travel_as_properties(url, shown):
    target = target_of(SqlSettings(url), "local")
    assert (target.url, without_credentials(url)) == (shown, shown)


def test_a_password_is_taken_out_of_the_url_decoded():
    assert target_of(SqlSettings(f"{POSTGRES}?password=a%26b+c"), "local").revealed()["password"] == "a&b c"
    assert target_of(SqlSettings(f"{AZURE};password={{a;b}}"), "local").revealed()["password"] == "a;b"


def test_a_secret_shows_in_no_message():
    target = target_of(SqlSettings(POSTGRES, "u", Secret("hunter2")), "local")
    assert "hunter2" not in repr(target)
    assert target.without_secrets("login with hunter2 failed") == "login with *** failed"


def test_a_reference_in_the_url_is_refused():
    with pytest.raises(SettingsError, match="not resolved") as refused:
        target_of(SqlSettings(f"{POSTGRES}?user=u&password=secret://sql-password"), "local")
    assert refused.value.remedy == "give it as sql.password"


@pytest.mark.parametrize(
    "weakened",
    [
        f"{AZURE};encrypt=false",
        f"{AZURE};encrypt=optional",
        f"{AZURE};trustServerCertificate=true",
        f"{AZURE};encrypt=true;TRUSTSERVERCERTIFICATE=True",
        f"{AZURE};encrypt=true;encrypt=false",
        f"{AZURE};trustServerCertificate=false;trustServerCertificate=true",
        f"{AZURE};encrypt={{false}}",
        f"{AZURE}; encrypt = false",
        f"{AZURE};encrypt=false;encrypt=true",
        f"{AZURE};trustManagerClass=example.TrustAll",
        f"{POSTGRES}?sslmode=require",
        f"{POSTGRES}?ssl=true&sslmode=prefer",
        f"{POSTGRES}?sslmode=disable",
        f"{POSTGRES}?sslfactory=org.postgresql.ssl.NonValidatingFactory",
    ],
)
def test_a_url_that_weakens_tls_is_refused_but_locally(weakened):
    with pytest.raises(SettingsError, match="weakens TLS"):
        target_of(SqlSettings(weakened), "synapse")
    assert target_of(SqlSettings(weakened), "local").url == weakened


@pytest.mark.parametrize(
    ("url", "properties"),
    [
        (AZURE, {"encrypt": "true", "trustServerCertificate": "false"}),
        (f"{AZURE};Encrypt=strict", {"encrypt": "strict", "trustServerCertificate": "false"}),
        (POSTGRES, {"sslmode": "verify-full"}),
        (f"{POSTGRES}?sslmode=verify-ca", {"sslmode": "verify-ca"}),
    ],
)
def test_tls_is_on_and_verified_where_the_url_says_nothing(url, properties):
    assert properties.items() <= target_of(SqlSettings(url), "databricks").revealed().items()
