"""Whether a kubeconfig may be kept in a state: it must log in by a program and hold no secret itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib import parse

import yaml

_SECRETS: Final = ("token", "password", "client-key-data", "auth-provider")
"""Fields of a kubeconfig's user that are secrets or, as `auth-provider`, hold some."""
_NAMED_LIKE_A_SECRET: Final = re.compile(
    r"(?i)secret|password|passwd|(?<!renew.)token$|api.?key|access.?key$|private.?key"
)
"""Names of arguments and variables of login programs, for example `--client-secret` and AWS_SECRET_ACCESS_KEY."""


def problem(text: str) -> str:
    """Why this kubeconfig is refused, naming the field and never its value; empty where it is not."""
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError:
        config = None
    if not isinstance(config, Mapping) or not config.get("clusters"):
        return "is not the text of a kubeconfig, and without one the cluster could not be drained on destroy"
    found = [*_in_users(config), *_in_clusters(config)]
    if not found:
        return ""
    return (
        f"holds a secret in {', '.join(found)}, which would be kept in the stack's state for everybody who can read it;"
        " next: let it log in by the vendor's program instead (users[].user.exec)"
    )


def _in_users(config: Mapping[str, Any]) -> Iterator[str]:
    for index, entry in enumerate(config.get("users") or ()):
        user = entry.get("user") or {}
        place = f"users[{index}].user"
        yield from (f"{place}.{field}" for field in _SECRETS if user.get(field))
        plugin = user.get("exec") or {}
        yield from _in_variables(plugin.get("env") or (), place=f"{place}.exec.env")
        yield from _in_arguments([str(argument) for argument in plugin.get("args") or ()], place=f"{place}.exec.args")


def _in_variables(variables: Any, *, place: str) -> Iterator[str]:
    for variable in variables:
        name = str(variable.get("name", ""))
        if variable.get("value") and _NAMED_LIKE_A_SECRET.search(name):
            yield f"{place}.{name}"


def _in_arguments(arguments: list[str], *, place: str) -> Iterator[str]:
    for argument in arguments:
        name, _, _ = argument.partition("=")
        if name.startswith("-") and _NAMED_LIKE_A_SECRET.search(name):
            yield f"{place} {name}"


def _in_clusters(config: Mapping[str, Any]) -> Iterator[str]:
    for index, entry in enumerate(config["clusters"]):
        proxy = parse.urlsplit(str((entry.get("cluster") or {}).get("proxy-url") or ""))
        if proxy.password:
            yield f"clusters[{index}].cluster.proxy-url"
