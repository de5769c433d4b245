"""OneLake's addresses: one account, whose containers are the workspaces, at a blob host of its own."""

from __future__ import annotations

import time

import pytest

from company_activity.io.storage.blob import BlobStorage
from company_activity.io.storage.folder import open_folder

from support.azure.notebooks import FabricCredentials, Issuer, install


@pytest.mark.parametrize("account", ["onelake", "westeurope-onelake"])
def test_small_files_of_a_lakehouse_go_to_onelake_s_blob_host(monkeypatch: pytest.MonkeyPatch, account: str) -> None:
    """As in "OneLake parity and integration": https://onelake.blob.fabric.microsoft.com/<workspace>/<item>.<type>/…"""
    install(monkeypatch, FabricCredentials(Issuer(time.time)), {"productType": "Fabric"})
    place = f"abfss://sales@{account}.dfs.fabric.microsoft.com/crm.Lakehouse/Files/company-activity/reports"
    there = f"https://{account}.blob.fabric.microsoft.com/sales/crm.Lakehouse/Files/company-activity/reports/r.html"
    folder = open_folder(place)
    assert isinstance(folder.storage, BlobStorage)
    assert folder.storage._blob(f"{folder.path}r.html").url == there
    assert folder.uri("r.html") == f"{place}/r.html"
