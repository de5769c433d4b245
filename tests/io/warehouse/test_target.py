"""What a JDBC URL says, and what it must not say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

import pytest

from company_activity.errors import SettingsError
from company_activity.io.warehouse.engines import dialect_of, parsed
from company_activity.io.warehouse.mirror import warehouse_id
from company_activity.io.warehouse.target import Target
from company_activity.io.warehouse.target_of import engine_of, without_credentials
from company_activity.io.warehouse.warehouse import open_warehouse
from company_activity.settings.model import (
    ApiSettings,
    LakeSettings,
    LandingSettings,
    ReportSettings,
    Secret,
    Settings,
    SqlSettings,
)

AZURE = "jdbc:sqlserver://s.database.windows.net:1433;database=d"
POSTGRES = "jdbc:postgresql://db.example/activity"
JVM_TRUST = "org.postgresql.ssl.DefaultJavaSSLFactory"


def target_at(url: str, user: str = "", password: str = "", engine: str = "") -> Target:
    """The target of settings that name no environment, so that they are `local`."""
    settings = Settings(
        api=ApiSettings("http://127.0.0.1:1"),
        landing=LandingSettings("landing"),
        lake=LakeSettings("lake"),
        sql=SqlSettings(url, user, Secret(password), engine),
        report=ReportSettings("reports"),
    )
    no_spark: Any = None  # nothing is connected
    return open_warehouse(no_spark, settings).target


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
def test_the_url_names_the_engine(url: str, engine: str) -> None:
    assert engine_of(url) == engine


@pytest.mark.parametrize("url", ["jdbc:mysql://x/y", "sqlserver://x", ""])
def test_an_engine_that_we_do_not_know_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="no engine that we publish to"):
        engine_of(url)


def test_a_serverless_pool_is_refused() -> None:
    with pytest.raises(SettingsError, match="serverless"):
        engine_of("jdbc:sqlserver://w-ondemand.sql.azuresynapse.net;database=p")


@pytest.mark.parametrize(
    "host",
    [
        "x-y.datawarehouse.fabric.microsoft.com",
        "X.zc8.DataWarehouse.Fabric.Microsoft.com:1433",
        "x-y.datawarehouse.pbidedicated.windows.net",
    ],
)
@pytest.mark.parametrize("engine", ["", "azuresql", "synapse"])
def test_a_fabric_warehouse_is_refused_with_what_to_do_instead(host: str, engine: str) -> None:
    with pytest.raises(SettingsError, match=r"SQL analytics endpoint of Microsoft Fabric.*database\.fabric") as refused:
        target_at(f"jdbc:sqlserver://{host};database=d", engine=engine)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("url", "is_of_one"),
    [
        ("jdbc:h2:file:/data/warehouse", True),
        ("jdbc:h2:mem:x;AUTO_SERVER=FALSE", True),
        ("jdbc:h2:file:/data/warehouse;Auto_Server=true", False),
        ("jdbc:h2:tcp://127.0.0.1/x", False),
        (POSTGRES, False),
    ],
)
def test_only_an_h2_file_is_of_one_process(url: str, is_of_one: bool) -> None:
    taken = parsed(url)
    assert dialect_of(taken).is_of_one_process(taken) is is_of_one


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("jdbc:postgresql://db.example/activity", [("db.example", 5432)]),
        ("jdbc:postgresql://a:1,b/activity", [("a", 1), ("b", 5432)]),
        ("jdbc:postgresql://[::1]:6000/activity", [("::1", 6000)]),
        ("jdbc:postgresql:activity", [("localhost", 5432)]),
        ("jdbc:sqlserver://db:1434;database=d", [("db", 1434)]),
        ("jdbc:sqlserver://db;portNumber=1500", [("db", 1500)]),
        ("jdbc:sqlserver://db\\sales", []),  # the server's browser knows the port
        ("jdbc:sqlserver://db;instanceName=sales", []),
        ("jdbc:postgresql://db/activity?socketFactory=com.example.Tunnel", []),
        ("jdbc:h2:tcp://127.0.0.1:9093/x", [("127.0.0.1", 9093)]),
        ("jdbc:h2:file:/x", []),
    ],
)
def test_the_servers_are_known_where_the_driver_does_not_find_them_out(
    url: str, addresses: list[tuple[str, int]]
) -> None:
    assert parsed(url).addresses == addresses


def test_a_sql_database_of_fabric_is_azure_sql() -> None:
    assert engine_of("jdbc:sqlserver://x.database.fabric.microsoft.com:1433;database=d") == "azuresql"


def test_a_setting_names_the_engine_that_the_url_hides() -> None:
    assert target_at(AZURE, engine="synapse").engine == "synapse"


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
def test_credentials_leave_the_url_and_travel_as_properties(url: str, shown: str) -> None:
    target = target_at(url)
    assert (target.url, without_credentials(url)) == (shown, shown)


def test_a_password_is_taken_out_of_the_url_decoded() -> None:
    assert target_at(f"{POSTGRES}?password=a%26b+c").revealed()["password"] == "a&b c"
    assert target_at(f"{AZURE};password={{a;b}}").revealed()["password"] == "a;b"


def test_a_secret_shows_in_no_message() -> None:
    target = target_at(POSTGRES, "u", "hunter2")
    assert "hunter2" not in repr(target)
    assert target.without_secrets("login with hunter2 failed") == "login with *** failed"


def test_a_reference_in_the_url_is_refused() -> None:
    with pytest.raises(SettingsError, match="not resolved") as refused:
        target_at(f"{POSTGRES}?user=u&password=secret://sql-password")
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
        f"{POSTGRES}?sslmode=verify-ca&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory",
    ],
)
def test_a_url_that_weakens_tls_is_refused(weakened: str) -> None:
    with pytest.raises(SettingsError, match="weakens TLS by .*, which only H2 or a loopback host may"):
        target_at(weakened)


ELSEWHERE = [
    "jdbc:postgresql://localhost,db.example/d",
    "jdbc:postgresql://localhost.example.com/d",
    "jdbc:postgresql://10.0.0.1/d",
    "jdbc:postgresql://localhost/d?PGHOST=db.example",
    "jdbc:postgresql://localhost/d?host=db.example",
    "jdbc:postgresql:d?host=localhost,db.example",
    "jdbc:postgresql:d?service=warehouse",
    "jdbc:postgresql://localhost@db.example/d",
    "jdbc:sqlserver://db.example;databaseName=d",
    "jdbc:sqlserver://;serverName=db.example",
    "jdbc:sqlserver://localhost;serverName={db.example}",
    "jdbc:sqlserver://localhost;server=db.example",
    "jdbc:sqlserver://localhost;failoverPartner=db.example",
    "jdbc:sqlserver://db.example\\localhost:1433",
]
HERE = [
    "jdbc:h2:file:/x;MODE=MSSQLServer",
    "jdbc:h2:~/x",
    "jdbc:h2:mem:x",
    "jdbc:h2:tcp://localhost:9092/~/x",
    "jdbc:h2:ssl://127.0.0.1,[::1]:9092/x",
    "jdbc:postgresql:d",
    "jdbc:postgresql:///d",
    "jdbc:postgresql://LOCALHOST:5432/d",
    "jdbc:postgresql://localhost./d",
    "jdbc:postgresql://127.0.0.2,[::1]:5433/d",
    "jdbc:postgresql:d?host=localhost",
    "jdbc:sqlserver://localhost\\sales:1433;databaseName=d",
    "jdbc:sqlserver://;serverName=127.0.0.1\\sales;databaseName=d",
    "jdbc:sqlserver://",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_tls_is_asked_for_on_every_other_host_whatever_the_environment_is_called(url: str) -> None:
    asked = target_at(url).revealed()
    assert asked.get("sslmode") == "verify-full" or asked.get("encrypt") == "true"


@pytest.mark.parametrize("url", HERE)
def test_h2_and_a_loopback_host_are_asked_for_no_tls(url: str) -> None:
    target = target_at(url)
    assert (target.url, target.is_local) == (url, True)
    assert not {"sslmode", "sslfactory", "encrypt"} & target.properties.keys()


@pytest.mark.parametrize(
    "weakened", ["jdbc:postgresql://localhost/d?sslmode=disable", "jdbc:sqlserver://localhost;encrypt=false"]
)
def test_a_loopback_host_may_leave_tls_out(weakened: str) -> None:
    assert target_at(weakened).url == weakened


@pytest.mark.parametrize(
    "url", ["jdbc:h2:tcp://db.example/~/x", "jdbc:h2:ssl://localhost,db.example:9092/x", "jdbc:h2:tcp:db.example/x"]
)
def test_an_h2_server_on_another_host_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="an H2 server on another host"):
        target_at(url)


@pytest.mark.parametrize(
    ("options", "factory"),
    [
        ("", JVM_TRUST),
        ("?sslmode=verify-full", JVM_TRUST),
        (f"?sslfactory={JVM_TRUST}", JVM_TRUST),
        ("?sslrootcert=/etc/ssl/ours.crt", None),
        ("?sslcert=/etc/ssl/me.crt&sslkey=/etc/ssl/me.pk8", None),
        ("?sslmode=verify-ca", None),  # a public certificate for any host would do: only the default root file
    ],
)
def test_postgresql_is_verified_against_the_trust_store_of_the_jvm_unless_a_root_file_is_given(
    options: str, factory: str | None
) -> None:
    assert target_at(POSTGRES + options).revealed().get("sslfactory") == factory


@pytest.mark.parametrize(
    ("url", "properties"),
    [
        (AZURE, {"encrypt": "true", "trustServerCertificate": "false"}),
        (f"{AZURE};Encrypt=strict", {"encrypt": "strict", "trustServerCertificate": "false"}),
        (POSTGRES, {"sslmode": "verify-full"}),
        (f"{POSTGRES}?sslmode=verify-ca", {"sslmode": "verify-ca"}),
    ],
)
def test_tls_is_on_and_verified_where_the_url_says_nothing(url: str, properties: Mapping[str, str]) -> None:
    assert properties.items() <= target_at(url).revealed().items()


SECRETS = [  # the URL, what is left of it, and what travels as a property
    (f"{AZURE};trustStorePassword=s3cret;encrypt=true", f"{AZURE};encrypt=true", {"trustStorePassword": "s3cret"}),
    (f"{AZURE};clientKeyPassword={{s3cret}};x=y", f"{AZURE};x=y", {"clientKeyPassword": "s3cret"}),
    (f"{AZURE};AADSecurePrincipalSecret={{a;s3cret}}}};b}}", AZURE, {"AADSecurePrincipalSecret": "a;s3cret};b"}),
    (f"{AZURE};accessToken=s3cret&more", AZURE, {"accessToken": "s3cret&more"}),
    (f"{AZURE};keyStoreSecret = s3cret ", AZURE, {"keyStoreSecret": "s3cret"}),
    (f"{AZURE};uid=etl;pwd=s3cret", AZURE, {"user": "etl", "password": "s3cret"}),
    (f"{AZURE};password={{s3cret}}}};b}};user=etl", AZURE, {"user": "etl", "password": "s3cret};b"}),
    (f"{POSTGRES}?sslpassword=s3cret%26;&ssl=true", f"{POSTGRES}?ssl=true", {"sslpassword": "s3cret&;"}),
    (f"{POSTGRES}?password=a;s3cret", POSTGRES, {"password": "a;s3cret"}),
    ("jdbc:postgresql://etl:s3cret%40@db.example/activity", POSTGRES, {"user": "etl", "password": "s3cret@"}),
    ("jdbc:postgresql://etl:a@s3cret@db.example/activity", POSTGRES, {"user": "etl", "password": "a@s3cret"}),
    ("jdbc:postgresql://etl@db.example/activity", POSTGRES, {"user": "etl"}),
    (AZURE.replace("//", "//etl:s3cret@"), AZURE, {"user": "etl", "password": "s3cret"}),
]


@pytest.mark.parametrize(("url", "left", "properties"), SECRETS)
def test_a_secret_in_a_url_is_shown_nowhere_and_reaches_the_driver_as_a_property(
    url: str, left: str, properties: Mapping[str, str]
) -> None:
    target = target_at(url)
    assert target.url == left
    assert properties.items() <= target.revealed().items()
    assert "s3cret" not in repr(target) + without_credentials(url)
    for value in properties.values():
        said = f"cannot log in with {value} or {quote_plus(value)}" if "s3cret" in value else ""
        assert "s3cret" not in target.without_secrets(said)


@pytest.mark.parametrize(
    "url",
    [
        "jdbc:postgresql://db.example/activity;password=s3cret",  # as another driver would have it
        "jdbc:sqlserver://s.database.windows.net;database=d?password=s3cret&user=u",
        "jdbc:postgresql://db.example/activity?options=x#token=s3cret",
    ],
)
def test_a_secret_that_stands_where_the_driver_sees_none_is_not_shown_either(url: str) -> None:
    assert "s3cret" not in target_at(url).shown


@pytest.mark.parametrize("scheme", ["jdbc:postgresql://etl:s3/", "jdbc:postgresql://etl:s3?", "jdbc:sqlserver://e:s3;"])
def test_a_password_that_cannot_be_told_from_the_host_is_refused_unseen(scheme: str) -> None:
    with pytest.raises(SettingsError, match="cannot be separated from it") as refused:
        target_at(f"{scheme}cret@db.example/activity")
    assert "cret" not in str(refused.value)


def test_a_port_and_an_at_sign_in_an_option_are_no_user() -> None:
    urls = ["jdbc:postgresql://[::1]:5432/d?ApplicationName=me@corp", f"{AZURE};applicationName=me@corp"]
    assert [target_at(url).url for url in urls] == urls


def test_a_reference_to_any_secret_in_the_url_is_refused() -> None:
    with pytest.raises(SettingsError, match="trustStorePassword in sql.url is a reference that was not resolved"):
        target_at(f"{AZURE};trustStorePassword=secret://trust")


def test_a_warehouse_is_the_same_whoever_logs_in_and_however() -> None:
    ways = [
        "",
        ";user=u;password=p",
        ";authentication=ActiveDirectoryServicePrincipal;AADSecurePrincipalId=i;AADSecurePrincipalSecret={s;t}",
        ";authentication=ActiveDirectoryManagedIdentity;msiClientId=i",
        ";accessToken=t",
        ";clientKeyPassword=p",
    ]
    assert {warehouse_id(AZURE + way) for way in ways} == {warehouse_id(AZURE.replace("//", "//u:p@"))}


def test_the_driver_gets_a_secret_bare_and_a_plain_property_as_it_is() -> None:
    target = Target("h2", "jdbc:h2:mem:x", {"user": "me", "password": Secret("pw")})
    revealed = target.revealed()
    assert (revealed, type(revealed["password"])) == ({"user": "me", "password": "pw"}, str)
    assert f"{revealed['password']}" == "pw"


@pytest.mark.parametrize("values", [("zz", "zzy"), ("y", "zy"), ("b}", "ab}}")])
def test_a_secret_within_a_longer_one_leaves_no_rest(values: tuple[str, str]) -> None:
    target = Target("h2", "jdbc:h2:mem:x", {name: Secret(value) for name, value in zip("ab", values, strict=True)})
    assert target.without_secrets(f"refused: {values[1]}.") == "refused: ***."


def test_a_secret_is_masked_as_sql_server_braces_write_it() -> None:
    target = Target("azuresql", "jdbc:x", {"password": Secret("a}b"), "user": "a", "empty": Secret("")})
    assert target.without_secrets("{a}}b} of a") == "{***} of a"
