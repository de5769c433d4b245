"""How settings are found: file < environment < command line.

They are checked against a JSON Schema that is derived from the classes.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
import types
import typing
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import jsonschema
import yaml

from company_activity.errors import SettingsError
from company_activity.settings.compute import Compute
from company_activity.settings.model import MetricSettings, Secret, Settings
from company_activity.settings.roots import is_bare, normalised

PREFIX = "COMPANY_ACTIVITY__"
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
REFERENCE_NAMES = {
    "API_URL": "api.url",
    "API_KEY": "api.key",
    "BLOB_CONN_STR": "landing.connection",
    "BLOB_CONTAINER": "landing.usage_container",
    "CRM_BLOB_PATH": "landing.crm_path",
    "SQL_CONN_STR": "sql.url",
    "KEY_VAULT_NAME": "secrets.key_vault",
}
JSON_TYPES: dict[Any, str] = {
    str: "string",
    Secret: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    types.NoneType: "null",
}
PACKAGE = Path(__file__).resolve().parents[1]
WHEEL_CONF = PACKAGE / "conf"  # not there in a checkout
LANDING = "landing.root"
FILES = "notify.file"
MAY_BE_EMPTY = (LANDING, FILES)
MOST_VALUES = 100_000  # in a settings file
SECRET_WORDS = ("key", "password", "connection", "url")
Section = TypeVar("Section")


@cache
def json_schema(section: type) -> dict[str, Any]:
    """The JSON Schema of a settings class: its fields, no others, each with its type and bounds."""
    hints = typing.get_type_hints(section)
    fields = dataclasses.fields(section)
    properties = {}
    required = []
    for field in fields:
        properties[field.name] = _property_schema(hints[field.name]) | dict(field.metadata)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            required.append(field.name)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _property_schema(hint: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(hint):
        return json_schema(typing.cast(type, hint))
    if typing.get_origin(hint) is tuple:
        return {"type": "array", "items": _property_schema(typing.get_args(hint)[0])}
    if typing.get_origin(hint) is Mapping:
        _, held = typing.get_args(hint)
        return {"type": "object", "additionalProperties": _property_schema(held)}
    if isinstance(hint, types.UnionType):
        return {"type": [JSON_TYPES[member] for member in typing.get_args(hint)]}
    return {"type": JSON_TYPES[hint]}


def load_settings(
    environment: str | None = None,
    *,
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Read `conf/base.yaml` < `conf/<environment>.yaml` (or `file`) < environment < `overrides`.

    The keys of `overrides` are dotted. An environment that is not named is the file's name;
    without a file it is `local`. It is only a name for messages: what is allowed on a laptop
    alone (no TLS, DDL applied unasked, a rebuilt lake adopted) depends on where `sql.url` leads.

    Raises:
        SettingsError: for an unknown key, a wrong type or a missing value, with its place and
        remedy.
    """
    environ = os.environ if environ is None else environ
    if environment and not NAME.fullmatch(environment):
        raise SettingsError(
            f"{environment!r} is no name of an environment",
            remedy="name one that conf/ has, or give --settings FILE",
        )
    environment = environment or (file.stem if file else "local")
    layers = _files(conf_dir(environ), environment, file)
    layers.append(("the environment", _from_environment(environ)))
    layers.append(("the command line", _nested(overrides or {})))

    tree: dict[str, Any] = {section.name: {} for section in dataclasses.fields(Settings)}
    tree["environment"] = environment
    place: dict[str, str] = {}
    for source, content in layers:
        _merge(tree, content, source, place)
    _validate(tree, place, json_schema(Settings))
    settings = _build(Settings, _expand(tree, {"home": str(home_dir(environ))}))
    _check_weeks(settings.metrics, place)
    return _with_one_meaning(settings, place, Compute.here(environ))


def load_metrics(file: Path, standing: MetricSettings) -> MetricSettings:
    """The constants of another metrics file; those that it does not name are the standing ones.

    Raises:
        SettingsError: if there is no such file, or one of its constants is unknown or does not fit.
    """
    if not file.is_file():
        raise SettingsError(
            f"no metrics file {file}", remedy="copy conf/metrics.yaml and change it"
        )
    tree: dict[str, Any] = {"metrics": dataclasses.asdict(standing)}
    place: dict[str, str] = {}
    _merge(tree, {"metrics": _read_yaml(file)}, str(file), place)
    schema = {"type": "object", "properties": {"metrics": json_schema(MetricSettings)}}
    _validate(tree, place, schema)
    metrics = _build(MetricSettings, tree["metrics"])
    _check_weeks(metrics, place)
    return metrics


def _check_weeks(metrics: MetricSettings, place: Mapping[str, str]) -> None:
    """So many weeks can be whole as are looked at: no schema of one key can say that."""
    churn = metrics.churn
    if churn.least_weeks > churn.weeks:
        key = "metrics.churn.least_weeks"
        raise SettingsError(
            f"setting {key} in {place.get(key, 'the settings')}: of {churn.weeks} weeks (metrics.churn.weeks)"
            f" never are {churn.least_weeks} whole",
            remedy=f"set it to {churn.weeks} or fewer",
        )


def _files(
    conf: Path,
    environment: str,
    file: Path | None,
) -> list[tuple[str, Mapping[str, Any]]]:
    """Each settings file and what it says; a later one wins."""
    base = conf / "base.yaml"
    chosen = file or conf / f"{environment}.yaml"
    metrics = conf / "metrics.yaml"
    return [
        (str(base), _read_yaml(base)),
        (str(chosen), _read_yaml(chosen)),
        (str(metrics), {"metrics": _read_yaml(metrics)}),
    ]


def conf_dir(environ: Mapping[str, str]) -> Path:
    """The folder of the shipped settings.

    `COMPANY_ACTIVITY_CONF` where it is set, else the wheel's, else the checkout's.
    """
    if named := environ.get("COMPANY_ACTIVITY_CONF"):
        return Path(named)
    return WHEEL_CONF if WHEEL_CONF.is_dir() else PACKAGE.parents[1] / "conf"


def home_dir(environ: Mapping[str, str]) -> Path:
    """What `${home}` means in a file.

    `COMPANY_ACTIVITY_HOME`, else the folder above `conf`; with the wheel's `conf` the working
    directory, for nothing is kept among installed packages.
    """
    if named := environ.get("COMPANY_ACTIVITY_HOME"):
        return Path(named)
    conf = conf_dir(environ).resolve()
    return Path.cwd() if conf == WHEEL_CONF else conf.parent


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = _plain_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"no settings file {path}",
            remedy="name an environment that conf/ has, or give --settings FILE",
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8", remedy="save it as UTF-8") from None
    except ValueError as broken:
        why = " ".join(str(broken).split())
        raise SettingsError(f"{path} is not YAML: {why}", remedy="fix the file") from None
    if content is not None and not isinstance(content, dict):
        raise SettingsError(
            f"{path} holds no mapping", remedy="begin it with a section such as 'api:'"
        )
    return content or {}


def _plain_yaml(text: str) -> Any:
    """What a YAML text says, once it is known how much that is: an alias may stand for billions of values.

    Raises:
        ValueError: if it is not YAML, nested too deeply, or says too much.
    """
    try:
        loader = yaml.SafeLoader(text)
        try:
            return _known_to_be_small(loader)
        finally:
            loader.dispose()
    except yaml.YAMLError as broken:
        raise ValueError(str(broken)) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _known_to_be_small(loader: yaml.SafeLoader) -> Any:
    node = loader.get_single_node()
    if node is None:
        return None
    if _size(node, {}) > MOST_VALUES:
        raise ValueError(f"its aliases stand for more than {MOST_VALUES:,} values")
    return _constructed(loader, node)


def _constructed(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    """The values of a node.

    Raises:
        ValueError: for what PyYAML's constructors stumble over, with an error of any kind: `!!int x`, `2025-02-30`.
    """
    try:
        return loader.construct_document(node)
    except (yaml.YAMLError, RecursionError):
        raise
    except Exception as stumbled:
        raise ValueError(f"a value cannot be read: {stumbled}") from None


def _size(node: yaml.Node, known: dict[yaml.Node, int]) -> int:
    """How many values a node stands for, with those of its aliases each time that they stand there.

    Raises:
        ValueError: for a node within itself.
    """
    if node in known:
        if not known[node]:
            raise ValueError("an alias stands for what it stands in")
        return known[node]
    known[node] = 0
    held: Iterable[yaml.Node] = ()
    if isinstance(node, yaml.SequenceNode):
        held = node.value
    elif isinstance(node, yaml.MappingNode):
        held = itertools.chain.from_iterable(node.value)
    known[node] = 1 + sum(_size(one, known) for one in held)
    return known[node]


def _merge(
    into: dict[str, Any],
    new: Mapping[str, Any],
    source: str,
    place: dict[str, str],
    at: str = "",
) -> None:
    for key, value in new.items():
        name = f"{at}{key}"
        if isinstance(value, Mapping) and isinstance(into.get(key, {}), dict):
            _merge(into.setdefault(key, {}), value, source, place, f"{name}.")
        else:
            into[key] = value
        place[name] = source


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for dotted, value in flat.items():
        *sections, last = dotted.split(".")
        branch = tree
        for section in sections:
            branch = branch.setdefault(section, {})
            if not isinstance(branch, dict):
                raise SettingsError(
                    f"setting {dotted}: {section} has a value of its own besides",
                    remedy=f"set {section} or what is in it, not both",
                )
        branch[last] = value
    return tree


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, key in REFERENCE_NAMES.items():
        if environ.get(name):
            flat[key] = _typed(key, environ[name])
    for name, text in environ.items():
        if name.startswith(PREFIX):
            key = name.removeprefix(PREFIX).lower().replace("__", ".")
            flat[key] = _typed(key, text)
    return _nested(flat)


def _typed(dotted: str, text: str) -> Any:
    """Environment text as the type that the schema wants; as text where that fails.

    The schema then names it.

    Raises:
        SettingsError: for a name in a mapping: variables do not say how it is spelt.
    """
    schema = json_schema(Settings)
    for part in dotted.split("."):
        if _is_mapping(schema):
            raise SettingsError(
                f"setting {dotted} in the environment: a variable does not say which letters of {part!r} are capitals",
                remedy="name it in the settings file, or give the whole mapping in one variable, as YAML",
            )
        schema = schema.get("properties", {}).get(part, {})
    kind = schema.get("type")
    if kind == "array":
        return [item.strip() for item in text.split(",") if item.strip()]
    if _is_mapping(schema) or kind in ("integer", "number", "boolean"):
        try:
            return _plain_yaml(text)
        except ValueError:
            return text
    return text


def _is_mapping(schema: Mapping[str, Any]) -> bool:
    """Whether the names in it are data, and no settings of ours."""
    return "propertyNames" in schema


def _validate(tree: dict[str, Any], place: Mapping[str, str], schema: Mapping[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(schema)
    error = min(validator.iter_errors(tree), key=_urgency, default=None)
    if error is not None:
        raise _as_settings_error(error, place)


def _with_one_meaning(settings: Settings, place: Mapping[str, str], compute: Compute) -> Settings:
    """The settings with each root in the one spelling that Python and Spark understand alike."""

    def root(key: str, text: str) -> str:
        if not text and key in MAY_BE_EMPTY:
            return ""
        name = f"setting {key} in {place.get(key, 'the settings')}:"
        return normalised(text, name, compute, is_landing=key == LANDING)

    landing = settings.landing
    if not landing.connection or not is_bare(landing.root):
        landing = dataclasses.replace(landing, root=root(LANDING, landing.root))
    return dataclasses.replace(
        settings,
        landing=landing,
        lake=dataclasses.replace(settings.lake, root=root("lake.root", settings.lake.root)),
        report=dataclasses.replace(settings.report, dir=root("report.dir", settings.report.dir)),
        notify=dataclasses.replace(settings.notify, file=root(FILES, settings.notify.file)),
    )


def _urgency(error: jsonschema.ValidationError) -> tuple[bool, list[str]]:
    # An unknown key first: it is most often the missing one, misspelt.
    return error.validator != "additionalProperties", [str(part) for part in error.path]


def _as_settings_error(
    error: jsonschema.ValidationError, place: Mapping[str, str]
) -> SettingsError:
    """One sentence: which key, where it stands, what is wrong, and the remedy."""
    key = ".".join(str(part) for part in error.path)
    if error.validator == "additionalProperties":
        return _unknown_setting(key, error, place)
    if error.validator == "required":
        return _missing_setting(key, error)
    where = place.get(key, "the settings")
    # What stands for a section, or is one, may hold anything.
    is_section = isinstance(error.instance, dict) or error.validator_value == "object"
    is_secret = is_section or any(word in key for word in SECRET_WORDS)
    shown = "its value" if is_secret else repr(error.instance)
    return SettingsError(
        f"setting {key} in {where}: {shown} does not fit",
        remedy=f"wanted: {error.validator} {error.validator_value}",
    )


def _unknown_setting(
    section: str,
    error: jsonschema.ValidationError,
    place: Mapping[str, str],
) -> SettingsError:
    known = list(error.schema["properties"])
    unknown = min(map(str, set(error.instance) - set(known)))  # a name may be a number, too
    name = f"{section}.{unknown}" if section else unknown
    return SettingsError(
        f"unknown setting {name} in {place.get(name, 'the settings')}",
        remedy=f"known here: {', '.join(known)}",
    )


def _missing_setting(section: str, error: jsonschema.ValidationError) -> SettingsError:
    missing = next(name for name in error.validator_value if name not in error.instance)
    name = f"{section}.{missing}" if section else missing
    variable = PREFIX + name.upper().replace(".", "__")
    return SettingsError(
        f"setting {name} has no value",
        remedy=f"set it in the settings file or as {variable}",
    )


def _expand(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _expand(inner, words) for key, inner in value.items()}
    if isinstance(value, str):
        for word, meaning in words.items():
            value = value.replace("${" + word + "}", meaning)
    return value


def _build(section: type[Section], tree: Mapping[str, Any]) -> Section:
    hints = typing.get_type_hints(section)
    return section(**{name: _value(hints[name], value) for name, value in tree.items()})


def _value(hint: Any, value: Any) -> Any:
    if dataclasses.is_dataclass(hint):
        return _build(typing.cast(type, hint), value)
    if typing.get_origin(hint) is tuple:
        return tuple(value)
    if typing.get_origin(hint) is Mapping:
        _, held = typing.get_args(hint)
        return {name: _value(held, inner) for name, inner in value.items()}
    if value is not None and (hint is Secret or Secret in typing.get_args(hint)):
        return Secret(value)
    return hint(value) if hint in (int, float) else value  # 5.0 is an integer to the schema
