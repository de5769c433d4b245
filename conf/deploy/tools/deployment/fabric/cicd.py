"""What fabric-cicd itself says: its check of `parameter.yml`, its reading of the items, and what it would send."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azure.core.credentials import AccessToken
from fabric_cicd import FabricWorkspace, constants, publish_all_items

from deployment.fabric.ids import ITEMS, THIS_WORKSPACE
from deployment.fault import Fault

ENVIRONMENTS = ("DEV", "PROD")
TARGET = "11111111-2222-3333-4444-555555555555"
SHORTCUTS = "enable_shortcut_publish"


@dataclass
class SentItem:
    """A request as fabric-cicd would make it: an item, and its files by path."""

    name: str
    form: str | None
    files: dict[str, str]
    made_with: Any


@dataclass
class Endpoint:
    """Stands where the workspace answers: an empty one, which takes every item and gives it an id."""

    sent: list[SentItem] = field(default_factory=list)
    shortcuts: list[Any] = field(default_factory=list)

    def invoke(self, method: str, url: str, body: Any = "{}", **_: Any) -> dict[str, Any]:
        where = url.split(f"/workspaces/{TARGET}")[-1]
        answer: dict[str, Any] = {"value": []}
        if where == "":
            answer = {"capacityId": "any"}
        elif method == "POST" and where == "/items":
            answer = {"id": f"99999999-0000-0000-0000-{len(self.sent):012d}"}
            self.sent.append(sent_item(body))
        elif method == "POST" and "/shortcuts" in where:
            self.shortcuts.append(body)
        elif where.startswith("/lakehouses/"):
            answer = {"properties": {"sqlEndpointProperties": {"provisioningStatus": "Success"}}}
        return {"body": answer, "header": {}, "status_code": 200}


def sent_item(body: dict[str, Any]) -> SentItem:
    definition = body.get("definition", {})
    files = {
        part["path"]: base64.b64decode(part["payload"]).decode("utf-8", "replace")
        for part in definition.get("parts", [])
    }
    name = f"{body['displayName']}.{body['type']}"
    return SentItem(name, definition.get("format"), files, body.get("creationPayload"))


class NoCredential:
    """A token that is never shown to anyone: nothing is asked."""

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        claims = (
            base64.urlsafe_b64encode(json.dumps({"upn": "nobody"}).encode()).decode().rstrip("=")
        )
        return AccessToken(f"e30.{claims}.", int(time.time()) + 3600)


def published(folder: Path, environment: str) -> Endpoint:
    """What would be sent to an empty workspace.

    Raises:
        Exception: of whatever kind fabric-cicd refuses the folder with.
    """
    logging.disable()
    constants.FEATURE_FLAG.add(SHORTCUTS)
    try:
        workspace = FabricWorkspace(
            workspace_id=TARGET,
            repository_directory=str(folder),
            item_type_in_scope=[name.rpartition(".")[2] for name in ITEMS],
            environment=environment,
            token_credential=NoCredential(),
        )
        endpoint = Endpoint()
        workspace.endpoint = endpoint
        publish_all_items(workspace)
        return endpoint
    finally:
        logging.disable(logging.NOTSET)
        constants.FEATURE_FLAG.discard(SHORTCUTS)


def cicd_faults(folder: Path) -> Iterator[Fault]:
    """What fabric-cicd refuses, and what would still stand for something else in what it sends."""
    for environment in ENVIRONMENTS:
        try:
            endpoint = published(folder, environment)
        except Exception as refused:  # it has errors of many kinds, and bare ones
            yield Fault(
                "", environment, f"fabric-cicd refuses: {' '.join(str(refused).split())[:200]}"
            )
            continue
        yield from _left_over(endpoint, environment)


def _left_over(endpoint: Endpoint, environment: str) -> Iterator[Fault]:
    names = {item.name for item in endpoint.sent}
    for name in sorted(ITEMS.keys() ^ names):
        yield Fault("", environment, f"{name} is sent or known, not both")
    texts = [
        (f"{item.name}/{path}", text) for item in endpoint.sent for path, text in item.files.items()
    ]
    texts.append(("shortcuts", json.dumps(endpoint.shortcuts)))
    for path, text in texts:
        if path.endswith("/.platform"):
            continue
        for placeholder in (THIS_WORKSPACE, *ITEMS.values()):
            if placeholder in text:
                yield Fault(path, environment, f"{placeholder} is sent as it stands here")
    is_on = [
        json.loads(text)["schedules"][0]["enabled"]
        for path, text in texts
        if path.endswith("/.schedules")
    ]
    if is_on != [environment == "PROD"]:
        yield Fault("parameter.yml", environment, "the schedule runs in PROD, and there alone")
