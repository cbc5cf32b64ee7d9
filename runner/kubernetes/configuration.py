"""The inputs of a `kubernetes.Provider` as the embedded engine understands them; what it does not, it refuses. Pure."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Final

from runner.engine import values
from stacks import errors

_WITHOUT_EFFECT: Final = frozenset(
    {
        "alwaysRender",
        "clusterIdentifier",
        "helmReleaseSettings",
        "kubeClientSettings",
        "suppressDeprecationWarnings",
        "suppressHelmHookWarnings",
        "version",
        "pluginDownloadURL",
    }
)
"""Understood, and without meaning here: no Helm, no request limits of our own, no warnings to suppress."""
_REFUSED: Final = {
    "renderYamlToDirectory": "manifests are applied, not rendered",
    "deleteUnreachable": "what became of objects in an unreachable cluster is never guessed",
    "skipUpdateUnreachable": "an update is never skipped in silence",
    "strictMode": "it is not implemented",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Configuration:
    """Which cluster, and how its objects are treated."""

    kubeconfig: str = dataclasses.field(default="", repr=False)
    """Path or text; empty means kubectl's default."""
    context: str = ""
    cluster: str = ""
    namespace: str = ""
    """Of objects that name none; empty means that of the kubeconfig's context."""
    config_maps_mutable: bool = False
    secrets_mutable: bool = False
    force: bool = False
    """Take over fields of other managers."""
    adopt: bool = False
    """Take over existing objects instead of refusing them."""


def parse(inputs: Mapping[str, Any]) -> Configuration:
    """Raises `Unsupported` for anything that would have to be ignored. All inputs must be known."""
    given = {key: _plain(value) for key, value in inputs.items() if value is not None}
    for key, value in given.items():
        why = _REFUSED.get(key) if value not in (False, "") else None
        if why or (key not in _KNOWN and key not in _REFUSED):
            raise _unsupported(key, why or "it is not known")
    if given.get("enableServerSideApply") is False:
        raise _unsupported("enableServerSideApply=False", "objects are only ever applied server-side")
    return Configuration(
        kubeconfig=_text(given.get("kubeconfig")),
        context=_text(given.get("context")),
        cluster=_text(given.get("cluster")),
        namespace=_text(given.get("namespace")),
        config_maps_mutable=given.get("enableConfigMapMutable") is True,
        secrets_mutable=given.get("enableSecretMutable") is True,
        force=given.get("enablePatchForce") is True,
        adopt=given.get("upsertExistingObjects") is True,
    )


_KNOWN: Final = _WITHOUT_EFFECT | {
    *("kubeconfig", "context", "cluster", "namespace", "enableServerSideApply", "enableConfigMapMutable"),
    *("enableSecretMutable", "enablePatchForce", "upsertExistingObjects"),
}


def _plain(value: Any) -> Any:
    """Pulumi's SDK sends whatever is no text as JSON text: `"true"`."""
    return json.loads(value) if value in ("true", "false") else value


def _text(value: Any) -> str:
    return "" if value is None else str(values.revealed(value))


def _unsupported(option: str, why: str) -> errors.PaasportError:
    return errors.Unsupported.of(
        f"the embedded engine does not implement the Kubernetes provider's option {option}: {why}",
        why="ignoring it would treat the cluster otherwise than the program asks",
        next="leave it out, or run with --engine pulumi",
    )
