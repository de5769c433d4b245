"""Can conf/deploy/fabric be deployed: everything that can be said of it without a workspace."""

from __future__ import annotations

from pathlib import Path

from deployment.fabric.cicd import cicd_faults
from deployment.fabric.documents import read
from deployment.fabric.items import item_faults, layout_faults
from deployment.fabric.pipeline import pipeline_faults
from deployment.fabric.pipeline_of import PIPELINE
from deployment.fault import Fault
from deployment.secrets_in_files import secret_faults
from deployment.semantic.check import model_faults
from deployment.semantic.model import ITEM


def fabric_faults(folder: Path) -> list[Fault]:
    """Every fault of the folder. fabric-cicd is asked last: it has nothing to say of files that have no form."""
    contents, found = read(folder)
    found += secret_faults(folder)
    found += layout_faults(folder)
    found += item_faults(contents)
    pipeline = f"{PIPELINE}/pipeline-content.json"
    if pipeline in contents:
        found += pipeline_faults(pipeline, contents[pipeline])
    if (folder / ITEM).is_dir():
        found += [
            Fault(f"{ITEM}/{one.path}", one.place, one.what) for one in model_faults(folder / ITEM)
        ]
    return found or list(cicd_faults(folder))
