"""The JSON schemas of a stack file and of a maker's own service, for editors: `python -m stacks.schema` writes them.

Generated from the settings, whose docstrings become the descriptions that an editor shows. The schema knows what a JSON
schema can say; what it can't (rules between fields, encryption) `./paasport check` tells.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any, Final

from pydantic import json_schema

from stacks import settings
from stacks.catalogues import declarations

PATH: Final = pathlib.Path(__file__).with_name("schema.json")
SERVICES_PATH: Final = pathlib.Path(__file__).with_name("catalogues") / "schema.json"

_ENCRYPTED: Final = {
    "title": "Encrypted",
    "description": "A value encrypted by `pulumi config set --secret`",
    "type": "object",
    "properties": {"secure": {"type": "string", "minLength": 1}},
    "required": ["secure"],
    "additionalProperties": False,
}


class _Generator(json_schema.GenerateJsonSchema):
    """Leaves titles to models: those of fields repeat the key."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        return False


def build() -> dict[str, Any]:
    """The schema as data."""
    described = settings.Settings.model_json_schema(by_alias=True, schema_generator=_Generator)
    parts = {"Encrypted": _ENCRYPTED, **described["$defs"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack of paasport",
        "description": "One vendor in one environment: Pulumi's file for a stack, with the settings of this project",
        "type": "object",
        "properties": {"config": _config(described["properties"]), **_PULUMI},
        "required": ["config"],
        "additionalProperties": False,
        "$defs": dict(sorted(_tidied(parts).items())),
    }


def text() -> str:
    """The schema as it stands in the file."""
    return json.dumps(build(), indent=2) + "\n"


def of_services() -> str:
    """The schema of a maker's own service, as it stands in its file."""
    described = declarations.Service.model_json_schema(by_alias=True, schema_generator=_Generator)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_tidied(described),
        "title": "A service of a catalogue",
        "description": "One file services/NAME.yaml of a catalogue that a stack names by paasport:catalogue",
    }
    return json.dumps(schema, indent=2) + "\n"


_PULUMI: Final = {
    "encryptionsalt": {"type": "string", "description": "Pulumi's: salt and proof of the passphrase. No secret"},
    "secretsprovider": {
        "type": "string",
        "description": "Pulumi's: the URL of a cloud's key service; not for the embedded engine",
    },
    "encryptedkey": {"type": "string", "description": "Pulumi's: the data key, encrypted by the key service"},
    "environment": {"description": "Pulumi's: ESC environments to import; not for the embedded engine"},
}


def _config(properties: dict[str, Any]) -> dict[str, Any]:
    # Pydantic says what names that match the pattern have, and leaves other names open.
    properties["services"]["additionalProperties"] = False
    # What a catalogue brings is no text of a stack file.
    del properties["catalogue"]["default"]
    return {
        "description": "Configuration; keys of other namespaces are for Pulumi's providers",
        "type": "object",
        "properties": {f"{settings.PROJECT}:{name}": schema for name, schema in properties.items()},
        "patternProperties": {f"^(?!{settings.PROJECT}:)[^:]+:[^:]+$": {}},
        "required": [settings.CLUSTER_KEY],
        "additionalProperties": False,
    }


def _tidied(schema: Any) -> Any:
    """The schema with the encrypted form in the place of every secret, and without defaults that only repeat others."""
    if isinstance(schema, list):
        return [_tidied(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "password":
        return {"$ref": "#/$defs/Encrypted", "description": schema.get("description", "")}
    repeated = isinstance(schema.get("default", ""), dict | None)
    return {key: _tidied(item) for key, item in schema.items() if not (repeated and key == "default")}


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
    SERVICES_PATH.write_text(of_services(), encoding="utf-8")
