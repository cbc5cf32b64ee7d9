"""What waits for a webhook's certificate authority must not wait for ever where no webhook runs.

On simulated nodes no pod writes an authority into a webhook's configuration, as cert-manager's injector or an operator
itself would, and the API server asks no webhook (`local/kwokctl.py`). An authority that signs nothing is written here.
"""

from __future__ import annotations

import base64
import functools
import pathlib
from collections.abc import Mapping
from typing import Any, Final

from local import reconciling

CONFIGURATIONS: Final = tuple(
    reconciling.Kind("admissionregistration.k8s.io/v1", f"{kind}WebhookConfiguration")
    for kind in ("Mutating", "Validating")
)

_AUTHORITY: Final = pathlib.Path(__file__).parent / "simulated" / "data" / "authority.pem"


def plan(picture: reconciling.Picture) -> list[reconciling.Action]:
    """An authority for every webhook that has none; one that another has written stays."""
    return [_with_authority(kind, item) for kind in CONFIGURATIONS for item in picture[kind] if _lacking(item)]


def _lacking(configuration: Mapping[str, Any]) -> list[str]:
    """Names of the webhooks without an authority. One outside of the cluster may be known by the machine's own."""
    hooks = configuration.get("webhooks") or ()
    return [
        hook["name"] for hook in hooks if "service" in hook["clientConfig"] and not hook["clientConfig"].get("caBundle")
    ]


def _with_authority(kind: reconciling.Kind, configuration: Mapping[str, Any]) -> reconciling.Action:
    hooks = [{"name": name, "clientConfig": {"caBundle": _authority()}} for name in _lacking(configuration)]
    manifest = {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": configuration["metadata"]["name"]},
        "webhooks": hooks,
    }
    return reconciling.Apply(manifest=manifest)


@functools.cache
def _authority() -> str:
    return base64.b64encode(_AUTHORITY.read_bytes()).decode()
