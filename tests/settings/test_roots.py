"""A root means one place to Python and to Spark, on every compute; what could mean two is refused by name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from company_activity.errors import SettingsError
from company_activity.io.lake.lock import is_local
from company_activity.io.storage.folder import open_folder
from company_activity.io.storage.opening import open_storage
from company_activity.settings import compute as compute_module
from company_activity.settings.compute import Compute
from company_activity.settings.loading import load_settings
from company_activity.settings.roots import root_of

LAPTOP = Compute()
DATABRICKS = Compute("Databricks", has_dbfs=True)
NO_FUSE = Compute("Databricks")
SYNAPSE = Compute("Synapse")
FABRIC = Compute("Fabric", lakehouse="abfss://w-1@onelake.dfs.fabric.microsoft.com/l-2")

MEANINGS = [  # compute, root, what Python opens (a path, or the account's URL and the place in it), what Spark is given
    (LAPTOP, "/data/lake", "/data/lake", "file:/data/lake"),
    (LAPTOP, "//data//lake/", "/data/lake", "file:/data/lake"),
    (LAPTOP, "/data/other/../lake", "/data/lake", "file:/data/lake"),
    (LAPTOP, "file:/data/lake", "/data/lake", "file:/data/lake"),
    (LAPTOP, "file:///data/lake/", "/data/lake", "file:/data/lake"),
    (LAPTOP, "FILE://localhost/data/lake", "/data/lake", "file:/data/lake"),
    (LAPTOP, "lake", f"{os.getcwd()}/lake", f"file:{os.getcwd()}/lake"),
    (LAPTOP, "/data/a:b c", "/data/a:b c", "file:/data/a:b c"),
    (SYNAPSE, "file:/data/lake", "/data/lake", "file:/data/lake"),
    (DATABRICKS, "dbfs:/lake", "/dbfs/lake", "dbfs:/lake"),
    (DATABRICKS, "dbfs:///mnt//lake/", "/dbfs/mnt/lake", "dbfs:/mnt/lake"),
    (DATABRICKS, "/dbfs/lake", "/dbfs/lake", "dbfs:/lake"),
    (DATABRICKS, "/Volumes/main/a/b/lake", "/Volumes/main/a/b/lake", "dbfs:/Volumes/main/a/b/lake"),
    (DATABRICKS, "file:/dbfs/lake", "/dbfs/lake", "dbfs:/lake"),
    (DATABRICKS, "file:///Volumes/main/a/b/", "/Volumes/main/a/b", "dbfs:/Volumes/main/a/b"),
    (DATABRICKS, "file:/local_disk0/lake", "/local_disk0/lake", "file:/local_disk0/lake"),
    (NO_FUSE, "dbfs:/Volumes/main/a/b", "/Volumes/main/a/b", "dbfs:/Volumes/main/a/b"),
    (
        FABRIC,
        "/lakehouse/default/Files/lake",
        "https://onelake.blob.fabric.microsoft.com w-1/l-2/Files/lake",
        "abfss://w-1@onelake.dfs.fabric.microsoft.com/l-2/Files/lake",
    ),
    (
        FABRIC,
        "file:/lakehouse/default/Files/lake",
        "https://onelake.blob.fabric.microsoft.com w-1/l-2/Files/lake",
        "abfss://w-1@onelake.dfs.fabric.microsoft.com/l-2/Files/lake",
    ),
    (
        LAPTOP,
        "abfss://ws@onelake.dfs.fabric.microsoft.com/house.Lakehouse/Files",
        "https://onelake.blob.fabric.microsoft.com ws/house.Lakehouse/Files",
        "abfss://ws@onelake.dfs.fabric.microsoft.com/house.Lakehouse/Files",
    ),
    (
        SYNAPSE,
        "ABFSS://lake@Acme.dfs.core.windows.net//activity/",
        "https://acme.blob.core.windows.net lake/activity",
        "abfss://lake@acme.dfs.core.windows.net/activity",
    ),
    (
        SYNAPSE,
        "wasbs://lake@acme.blob.core.windows.net",
        "https://acme.blob.core.windows.net lake/",
        "wasbs://lake@acme.blob.core.windows.net",
    ),
    (LAPTOP, "wasb://lake@devstoreaccount1/a", " lake/a", "wasb://lake@devstoreaccount1/a"),
]


@pytest.mark.parametrize(("compute", "text", "for_python", "for_spark"), MEANINGS)
def test_python_and_spark_are_led_to_one_place(compute: Compute, text: str, for_python: str, for_spark: str) -> None:
    root = root_of(text, compute=compute)
    opened = root.path or f"{root.service_url} {root.container}/{root.inner}"
    assert (opened, root.address) == (for_python, for_spark)


@pytest.mark.parametrize(("compute", "text", "for_python", "for_spark"), MEANINGS)
def test_the_one_spelling_means_the_same_again(compute: Compute, text: str, for_python: str, for_spark: str) -> None:
    """Settings hold it as text, and whoever opens it asks no compute."""
    root = root_of(text, compute=compute)
    assert root_of(root.path if root.is_local else root.text) == root_of(root.text)


OTHERS = dict.fromkeys(["landing.root", "report.dir", "notify.file"], "file:/elsewhere")
REFUSED = [
    (LAPTOP, "", "is empty"),
    (LAPTOP, r"C:\data\lake", "is a Windows path"),
    (LAPTOP, "C:/data/lake", "is a Windows path"),
    (LAPTOP, "d:lake", "is a Windows path"),
    (LAPTOP, "file:///C:/data/lake", "is a Windows path"),
    (LAPTOP, "FILE:///C:/data/lake", "is a Windows path"),
    (LAPTOP, r"\\server\share\lake", "is a Windows path"),
    (LAPTOP, "s3://bucket/lake", "begins with s3:"),
    (LAPTOP, "hdfs://name/lake", "begins with hdfs:"),
    (LAPTOP, "lake:2", "begins with lake:"),
    (LAPTOP, "file://server/lake", "names the host server"),
    (LAPTOP, "file:lake", "is not absolute"),
    (LAPTOP, "abfss://lake", "is no address of a storage account"),
    (LAPTOP, "abfss:/lake@acme.dfs.core.windows.net/x", "is no address of a storage account"),
    (LAPTOP, "abfss://lake@acme.dfs.core.windows.net/a/../b", "has a segment . or .."),
    (LAPTOP, "abfss://acme.dfs.core.windows.net/a", "names no container"),
    (LAPTOP, "https://acme.blob.core.windows.net/lake", "names no container"),
    (SYNAPSE, "file:/lakehouse/default/Files/lake", "is there only in a Fabric session"),
    (LAPTOP, "dbfs:/lake", "is not mounted here: there is no /dbfs"),
    (NO_FUSE, "dbfs:/lake", "is not mounted here: there is no /dbfs"),
    (NO_FUSE, "/dbfs/lake", "is not mounted here: there is no /dbfs"),
    (DATABRICKS, "/mnt/lake", "has no scheme: on Databricks"),
    (DATABRICKS, "lake", "has no scheme: on Databricks"),
    (SYNAPSE, "/synfs/lake", "has no scheme: on Synapse"),
    (SYNAPSE, "/lakehouse/default/Files/lake", "is there only in a Fabric session"),
    (LAPTOP, "/lakehouse/default/Files/lake", "is there only in a Fabric session"),
    (FABRIC, "Files/lake", "has no scheme: on Fabric"),
]


@pytest.mark.parametrize(("compute", "text", "told"), REFUSED)
def test_what_could_mean_two_places_or_none_is_refused(
    compute: Compute, text: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Compute, "here", lambda environ: compute)
    with pytest.raises(SettingsError) as refused:
        load_settings(environ={}, overrides={**OTHERS, "lake.root": text})
    assert "setting lake.root in the command line:" in str(refused.value)
    assert told in refused.value.what
    assert refused.value.remedy
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("compute", "text", "remedy"),
    [
        (DATABRICKS, "/mnt/lake", "give dbfs:/mnt/lake"),
        (FABRIC, "Files/lake", "give /lakehouse/default/Files/lake"),
        (NO_FUSE, "dbfs:/lake", "/Volumes/<catalog>/<schema>/<volume>"),
    ],
)
def test_the_remedy_is_the_address_to_give(compute: Compute, text: str, remedy: str) -> None:
    with pytest.raises(SettingsError) as refused:
        root_of(text, compute=compute)
    assert remedy in refused.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "https://acme.blob.core.windows.net/?sv=2024&sig=hush",
        "https://acme.blob.core.windows.net/raw?sig=hush",
        "https://me:hush@acme.blob.core.windows.net",
        "abfss://raw@acme.dfs.core.windows.net/a?sig=hush",
        "s3://key:hu/sh@bucket/lake",
    ],
)
def test_a_root_that_holds_a_secret_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(environ={}, overrides={"landing.root": text})
    assert "hu" not in str(refused.value)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("key", ["lake.root", "landing.root", "report.dir", "notify.file"])
def test_each_root_of_the_settings_is_brought_to_one_spelling(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Compute, "here", lambda environ: DATABRICKS)
    given = dict.fromkeys(["lake.root", "landing.root", "report.dir", "notify.file"], "file:///data/x/")
    found = load_settings(environ={}, overrides={**given, key: "/dbfs/x"})
    sections = {"lake.root": found.lake.root, "landing.root": found.landing.root}
    sections |= {"report.dir": found.report.dir, "notify.file": found.notify.file}
    assert sections == {**dict.fromkeys(given, "/data/x"), key: "dbfs:/x"}


def test_a_landing_may_be_a_whole_account_or_a_place_in_one() -> None:
    for root in ("https://acme.blob.core.windows.net", "abfss://acme.dfs.core.windows.net", "abfss://c@a.dfs.x.net/l"):
        assert load_settings(environ={}, overrides={"landing.root": root}).landing.root == root


@pytest.mark.parametrize(
    ("root", "told"),
    [
        ("https://acme.blob.core.windows.net?sv=2024&sig=s3cret", "holds a key"),
        ("https://me:s3cret@acme.blob.core.windows.net", "holds a key"),
        ("https://acme.blob.core.windows.net/s3cret/landing", "names no container"),
        ("abfss://acme.dfs.core.windows.net/landing", "names no container"),
    ],
)
def test_a_landing_s_account_is_an_account_alone(root: str, told: str) -> None:
    """Its root is shown by `doctor`: a secret in it would be, too."""
    with pytest.raises(SettingsError, match=told) as refused:
        load_settings(environ={}, overrides={"landing.root": root})
    assert "s3cret" not in str(refused.value)
    assert refused.value.remedy


def test_where_a_connection_wins_a_laptop_s_directory_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Compute, "here", lambda environ: SYNAPSE)
    roots = {"lake.root": "file:/l", "report.dir": "file:/r", "notify.file": "file:/n"}
    assert load_settings(environ={"BLOB_CONN_STR": "secret://x"}, overrides=roots).landing.root.startswith("/")


@pytest.mark.parametrize("root", ["", "/data/landing", "/lakehouse/default/Files/landing"])
def test_beside_a_connection_no_directory_is_asked_what_it_means(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Compute, "here", lambda environ: FABRIC)
    roots = {"lake.root": "file:/l", "report.dir": "file:/r", "notify.file": "file:/n", "landing.root": root}
    connection = "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=a2V5;EndpointSuffix=core.windows.net"
    found = load_settings(environ={}, overrides={**roots, "landing.connection": connection})
    assert open_storage(found.landing).uri("raw/crm/a.csv") == "abfss://raw@acme.dfs.core.windows.net/crm/a.csv"


def test_only_a_directory_of_this_machine_is_local() -> None:
    places = ("/l", "file:/l", "dbfs:/l", "abfss://c@a.dfs.x.net/l", "wasb://c@devstoreaccount1/l")
    assert [is_local(place) for place in places] == [True, True, False, False, False]


def test_small_files_and_tables_of_a_root_lie_together(tmp_path: Path) -> None:
    folder = open_folder(f"file:{tmp_path}", "ops")
    folder.create("a", "x")
    assert folder.address("a") == f"file:{tmp_path}/ops/a"
    assert folder.uri("a") == f"{tmp_path}/ops/a"
    assert Path(folder.uri("a")).read_text(encoding="utf-8") == "x"


def test_the_compute_is_told_from_its_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(compute_module, "FUSE", tmp_path)
    assert Compute.here({}) == LAPTOP
    assert Compute.here({"DATABRICKS_RUNTIME_VERSION": "17.3"}) == DATABRICKS
    on_pool = {"AZURE_SERVICE": "Microsoft.ProjectArcadia"}
    assert Compute.here(on_pool) == SYNAPSE
    context = {"defaultLakehouseWorkspaceId": "w-1", "defaultLakehouseId": "l-2"}
    utilities = SimpleNamespace(runtime=SimpleNamespace(context=context))
    monkeypatch.setitem(sys.modules, "notebookutils", utilities)
    assert Compute.here(on_pool) == FABRIC


def test_the_library_is_imported_where_there_is_no_fcntl() -> None:
    """As on Windows, where a drive letter is then refused with a sentence instead of a traceback."""
    program = (
        "import sys; sys.modules['fcntl'] = None\n"
        "from company_activity.io.storage.opening import open_storage\n"
        "from company_activity.settings.loading import load_settings\n"
        r"load_settings(overrides={'lake.root': r'C:\lake'})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "'C:\\\\lake' is a Windows path" in done.stderr
