"""What a vendor answers about a resource: its identifier and its outputs, in the vendor's own shapes.

Three sources, of which a later one wins: likely values for what the SDK declares, the templates of the data files, and
the inputs. What has to be computed (versions, counters, endpoints that depend on options) is in `computed.py`.
"""

from __future__ import annotations

import base64
import functools
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from local.simulated import computed, facts, identifiers, schema, sdk, templates
from local.simulated.rules import judging

_STATES: Final = {"aws": "ACTIVE", "gcp": "READY", "azure-native": "Succeeded"}
_EMPTY: Final[Mapping[schema.Form, Any]] = {
    schema.Form.BOOLEAN: False,
    schema.Form.INTEGER: 0,
    schema.Form.NUMBER: 0,
    schema.Form.LIST: [],
    schema.Form.MAP: {},
}


@functools.cache
def authority() -> str:
    """The certificate of a certification authority, base64 of PEM as all three vendors give it. Its key is not kept."""
    return base64.b64encode((pathlib.Path(__file__).parent / "data" / "authority.pem").read_bytes()).decode()


def words(
    token: str,
    name: str,
    inputs: Mapping[str, Any],
    *,
    stack: str,
    variables: Mapping[str, str],
    generation: int,
) -> templates.Words:
    """What the templates of this resource are filled with."""
    known = facts.of(token)
    group = f"/subscriptions/{variables.get('subscription')}/resourceGroups/{inputs.get('resourceGroupName')}"
    physical = inputs.get(known.name.property) if known.name else None
    added: dict[str, Any] = {"authority": authority(), "group": group, "location": variables["region"]}
    if isinstance(physical, str):
        added["name"] = physical
    return templates.Words(seed=(stack, token, name, str(generation)), variables={**variables, **added}, inputs=inputs)


def identifier(token: str, filled: templates.Words) -> str:
    """The vendor's identifier of the resource."""
    return str(filled.render(facts.of(token).id))


def of(case: judging.Case, *, filled: templates.Words) -> dict[str, Any]:
    """The outputs of a resource whose identifier is among the words."""
    rendered = merged(_likely(case.token, filled), filled.render(facts.of(case.token).outputs))
    answered = merged(rendered, case.inputs)
    return merged(answered, computed.of(computed.Made(case=case, outputs=answered, words=filled)))


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both, dictionaries in depth; where both have a value, `over` wins."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result


def _likely(token: str, filled: templates.Words) -> dict[str, Any]:
    """Values for what the SDK declares as an output and no rule knows, as far as they can be guessed from the name."""
    inputs, declared = schema.of(token).inputs, schema.of(token).outputs
    found = {
        name: _guess(name, known.type, filled=filled, package=sdk.vendor(token))
        for name, known in declared.items()
        if name not in inputs and known.required
    }
    return {name: value for name, value in found.items() if value is not None}


def _guess(name: str, type_: schema.Type, *, filled: templates.Words, package: str) -> Any:
    if type_.form is not schema.Form.TEXT:
        value = _EMPTY.get(type_.form)
        return value.copy() if isinstance(value, (list, dict)) else value
    lowered = name.lower()
    for endings, guess in _BY_ENDING:
        if lowered.endswith(endings):
            return guess(package, (*filled.seed, name))
    return None


_BY_ENDING: Final[tuple[tuple[tuple[str, ...], Callable[[str, tuple[str, ...]], str]], ...]] = (
    (("state", "status"), lambda package, _: _STATES[package]),
    (("edat", "time", "date", "timestamp", "edon"), lambda _, seed: identifiers.moment(*seed)),
    (("etag", "fingerprint"), lambda _, seed: identifiers.digest(*seed, length=16)),
    (("id",), lambda _, seed: identifiers.digest(*seed, length=17)),
    (("arn",), lambda _, seed: f"arn:aws:simulated:::{identifiers.digest(*seed, length=17)}"),
)
"""What a text is likely to be whose name ends so; for others nothing is made up."""
