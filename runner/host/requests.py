"""Reads a program's registrations: every field of the request is honoured, known to be harmless, or refused by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from runner.engine import ancestry, model, urn
from runner.host import wire
from runner.host.protocol import resource_pb2
from stacks import errors

_REFUSED: Final = {
    "transforms": "transforms",
    "replacement_trigger": "replacement_trigger",
    "state_migrations": "state_migrations",
    "envVarMappings": "env_var_mappings",
    "hideDiffs": "hide_diffs",
}
"""Field of the request to the option's name in Python."""
_HOOKED: Final = ("kubernetes:", "pulumi:index:Stash")
"""Types that a hook is called for before they are updated; any other sort of hook is refused."""
_REFUSED_TYPES: Final = ("kubernetes:helm.sh/", "kubernetes:kustomize")
_TIMEOUTS: Final = ("create", "update", "delete")
_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")


def goal(
    request: resource_pb2.RegisterResourceRequest,
    *,
    project: str,
    stack: str,
    parent: ancestry.Parent | None,
) -> model.Goal:
    """The resource that the program asks for, with what it inherits from its parent.

    Raises `Unsupported` for an option that the engine does not implement, `EngineError` for one that makes no sense.
    """
    refuse_unsupported(request)
    own_urn = urn.compose(stack=stack, project=project, parent=request.parent, type=request.type, name=request.name)
    inherited = parent.provider(request.type) if parent and request.custom else ""
    return model.Goal(
        urn=own_urn,
        type=request.type,
        name=request.name,
        custom=request.custom,
        remote=request.remote,
        inputs=wire.decoded(request.object),
        parent=request.parent,
        provider=request.provider or inherited,
        providers=dict(request.providers),
        dependencies=tuple(sorted(request.dependencies)),
        property_dependencies={key: tuple(sorted(named.urns)) for key, named in request.propertyDependencies.items()},
        options=_options(request, own_urn=own_urn, parent=parent),
    )


def _options(
    request: resource_pb2.RegisterResourceRequest, *, own_urn: str, parent: ancestry.Parent | None
) -> model.Options:
    above = parent or ancestry.Parent(urn="")
    timeouts = {name: _seconds(getattr(request.customTimeouts, name), resource=own_urn) for name in _TIMEOUTS}
    return model.Options(
        protect=request.protect if request.HasField("protect") else above.protect,
        retain_on_delete=request.retainOnDelete if request.HasField("retainOnDelete") else above.retain_on_delete,
        deleted_with=request.deletedWith or above.deleted_with,
        delete_before_replace=request.deleteBeforeReplace,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        replace_with=tuple(request.replace_with),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        aliases=urn.aliases(own_urn, parent=request.parent, own=_aliases(request), of_parent=above.aliases),
        import_id=request.importId,
        before_update=tuple(request.hooks.before_update),
        create_timeout=timeouts["create"],
        update_timeout=timeouts["update"],
        delete_timeout=timeouts["delete"],
    )


def _aliases(request: resource_pb2.RegisterResourceRequest) -> Iterator[urn.Alias]:
    for text in request.aliasURNs:
        yield urn.Alias(urn=text)
    for alias in request.aliases:
        yield urn.Alias(
            urn=alias.urn,
            name=alias.spec.name,
            type=alias.spec.type,
            stack=alias.spec.stack,
            project=alias.spec.project,
            parent=alias.spec.parentUrn,
            without_parent=alias.spec.noParent,
        )


def refuse_unsupported(request: resource_pb2.RegisterResourceRequest) -> None:
    """Raise `Unsupported`, naming every option of the request that the embedded engine does not implement."""
    asked = {field.name for field, _ in request.ListFields()}
    options = [name for field, name in _REFUSED.items() if field in asked]
    options += [f"hooks.{name}" for name in _refused_hooks(request)]
    options += ["custom_timeouts.read"] if request.customTimeouts.read else []
    resource = f"{request.name} ({request.type})"
    if options:
        raise errors.Unsupported.of(
            f"the embedded engine does not implement {', '.join(options)}, asked for by {resource}",
            why="ignoring an option could replace or lose what it protects",
            next="remove it, or run the stack with --engine pulumi",
        )
    if request.type.startswith(_REFUSED_TYPES):
        raise errors.Unsupported.of(
            f"the embedded engine does not implement {resource}",
            next="run the stack with --engine pulumi",
        )


def _refused_hooks(request: resource_pb2.RegisterResourceRequest) -> list[str]:
    """The sorts of hooks that are not called, for a resource of this type."""
    called = request.custom and request.type.startswith(_HOOKED)
    return [field.name for field, _ in request.hooks.ListFields() if not (called and field.name == "before_update")]


def _seconds(text: str, *, resource: str) -> float | None:
    """Go's notation of a duration, for example `1h30m`, in seconds; None for an empty one."""
    if not text:
        return None
    parts = list(_DURATION.finditer(text))
    if "".join(part[0] for part in parts) != text:
        raise errors.EngineError.of(
            f"{text!r} is no duration, given as custom timeout of {urn.Urn.parse(resource).name}",
            next='write it like "90s", "5m" or "1h30m"',
        )
    return sum(float(part[1]) * _UNITS[part[2]] for part in parts)
