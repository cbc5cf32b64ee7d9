"""What must hold between the parts of a declaration that are each right by themselves. Pure; one function a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from stacks import findings, quantities, suggestions
from stacks.catalogues import declarations, scopes, templates
from stacks.services import instance

CLUSTER_SCOPED: Final = frozenset(
    {
        "APIService",
        "ClusterIssuer",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    }
)
"""Kinds that have no namespace, and so would be shared by all instances."""
_OF_BINDINGS: Final = ("type", "host", "port", "provider")
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "text": (str,),
    "number": (int,),
    "flag": (bool,),
    "quantity": (str, int, float),
}
_STATUS: Final = re.compile(r"(\.[A-Za-z][A-Za-z0-9-]*)+")


def of(service: declarations.Service) -> Iterator[findings.Finding]:
    """Everything that is wrong with a declaration that a model can't say."""
    for check in _CHECKS:
        yield from check(service)
    yield from scopes.check(service)


def _has_one_maker(service: declarations.Service) -> Iterator[findings.Finding]:
    by_operator = service.operator is not None or bool(service.operators)
    if service.workload is not None:
        for key in ("operator", "resource"):
            if getattr(service, key) is not None:
                yield _finding(
                    (key,),
                    f"`{key}` and `workload` exclude each other",
                    why="an instance is made by an operator from a resource, or is a plain Deployment",
                    next=f"leave `{key}` out, or `workload`",
                )
    elif service.resource is None:
        yield _finding(
            ("service",),
            f"`{service.service}` has neither a `resource` nor a `workload`",
            why="nothing would be made of an instance",
            next="add the custom resource that its operator reads, or a plain Deployment as `workload`",
        )
    elif not by_operator:
        yield _finding(
            ("resource",),
            "`resource` has no operator",
            why="without one nothing makes the custom resource real",
            next="add an `operator` of your own, or name a built-in one in `operators`",
        )


def _pods_are_known(service: declarations.Service) -> Iterator[findings.Finding]:
    if service.resource is not None and not service.pods:
        yield _finding(
            ("pods",),
            "`pods` is missing",
            why="network policies, the disruption budget and metrics select the pods of an instance by their labels",
            next="write the labels that the operator gives them, for example `pods: { app: ${name} }`",
        )
    if service.workload is not None and service.pods:
        yield _finding(
            ("pods",),
            "`pods` is for what an operator makes",
            why="the pods of a `workload` get their labels here",
            next="leave `pods` out",
        )


def _sizes_agree(service: declarations.Service) -> Iterator[findings.Finding]:
    for name, size in service.sizes_given.items():
        if (size.storage is None) is service.stores:
            yield _finding(
                ("sizes", name),
                f"`sizes.{name}` {'has no' if service.stores else 'has a'} `storage`, unlike `sizes.small`",
                why="an instance that grows from one to the other would gain or lose its volume",
                next="give all sizes a `storage`, or none",
            )
    if service.workload is not None and service.stores:
        yield _finding(
            ("sizes", "small", "storage"),
            "a `workload` has no volumes",
            why="a Deployment would give all its pods the same one, which most disks cannot",
            next="leave `storage` out; for data, use an operator",
        )


def _settings_are_sound(service: declarations.Service) -> Iterator[findings.Finding]:
    taken = {field.alias or name for name, field in instance.Database.model_fields.items()} | {"exposure"}
    for name, setting in service.settings.items():
        path = ("settings", name)
        if name in taken:
            yield _finding(
                path,
                f"`settings.{name}` is taken: every service has that key",
                why="a stack file could not say which of the two it means",
                next="give the setting another name",
            )
        yield from _setting_is_sound(setting, path=path)


def _setting_is_sound(setting: declarations.Setting, *, path: findings.Path) -> Iterator[findings.Finding]:
    shown, default = findings.spelled(path), setting.default
    if default is not None and setting.required:
        yield _finding(
            (*path, "required"),
            f"`{shown}` is required and has a default",
            why="the default would never be used",
            next="leave one of the two out",
        )
    if default is not None and not _fits(setting, default):
        yield _finding(
            (*path, "default"),
            f"the default of `{shown}` is not what the setting may be",
            why="an instance that leaves it out would be wrong",
            next=f"write a {setting.type}"
            + (f": one of {suggestions.listed(setting.choices)}" if setting.choices else ""),
        )
    foreign = {"choices": setting.choices and setting.type != "text"}
    foreign |= {key: getattr(setting, key) is not None and setting.type != "number" for key in ("least", "most")}
    for key, is_wrong in foreign.items():
        if is_wrong:
            yield _finding(
                (*path, key),
                f"`{shown}.{key}` says nothing about a {setting.type}",
                why="it would have no effect",
                next="leave it out",
            )


def _fits(setting: declarations.Setting, value: Any) -> bool:
    is_typed = isinstance(value, _TYPES[setting.type]) and isinstance(value, bool) is (setting.type == "flag")
    if setting.type == "quantity":
        return is_typed and re.fullmatch(quantities.PATTERN, str(value)) is not None
    if setting.type == "number" and is_typed:
        least = value if setting.least is None else setting.least
        return bool(least <= value <= (value if setting.most is None else setting.most))
    return is_typed and (not setting.choices or value in setting.choices)


def _names_are_distinct(service: declarations.Service) -> Iterator[findings.Finding]:
    for key in ("passwords", "operators"):
        names: tuple[str, ...] = getattr(service, key)
        for index, name in enumerate(names):
            if name in names[:index]:
                yield _finding(
                    (key, index), f"`{key}` names {name} again", why="each is there once", next="remove one of them"
                )


def _bindings_are_ours(service: declarations.Service) -> Iterator[findings.Finding]:
    for key in service.connection:
        if key in _OF_BINDINGS:
            yield _finding(
                ("connection", key),
                f"`connection.{key}` is written here",
                why="it follows from the service's name and its `endpoint`",
                next="leave it out",
            )


def _is_awaited(service: declarations.Service) -> Iterator[findings.Finding]:
    if service.resource is not None and not service.resource.ready:
        yield _finding(
            ("resource", "ready"),
            "`resource.ready` must not be empty",
            why="`up` would say that an instance is ready before its operator has looked at it",
            next="write what its status says then, such as `ready: [condition=Ready]`",
        )


def _counts_are_there(service: declarations.Service) -> Iterator[findings.Finding]:
    if service.resource is None:
        return
    for status, spec in service.resource.counts.items():
        path = ("resource", "counts", status)
        steps = spec.removeprefix(".spec.").split(".")
        if not (status.startswith(".status.") and _STATUS.fullmatch(status)):
            yield _finding(
                path,
                f"`{status}` is no path in a status",
                why="what it says could never be awaited",
                next="write it as `.status.readyReplicas`",
            )
        if not spec.startswith(".spec.") or _at(service.resource.spec, steps) is None:
            yield _finding(
                path,
                f"`{spec}` is nothing in the resource's spec",
                why="there is no number that the status could reach",
                next="write a path that `resource.spec` has, such as `.spec.replicas`",
            )


def _rehearsal_is_played_from_the_spec(service: declarations.Service) -> Iterator[findings.Finding]:
    resource = service.resource
    if resource is None or resource.rehearsal is None:
        return
    known = {f"spec.{name}": templates.Kind.PLAIN for name in _paths(resource.spec)}
    yield from templates.check(resource.rehearsal.status, scope=known, path=("resource", "rehearsal", "status"))


def _objects_are_of_the_instance(service: declarations.Service) -> Iterator[findings.Finding]:
    optional = {
        f"settings.{name}"
        for name, setting in service.settings.items()
        if setting.default is None and not setting.required
    }
    for index, item in enumerate(service.objects):
        path: findings.Path = ("objects", index)
        given = item.get("metadata")
        metadata: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        known = (item.get("apiVersion"), item.get("kind"), metadata.get("name"))
        is_labelled = isinstance(metadata.get("labels", {}), Mapping)
        if not all(isinstance(value, str) and value for value in known) or not is_labelled:
            yield _finding(
                path,
                f"`objects[{index}]` lacks `apiVersion`, `kind` or `metadata.name`",
                why="Kubernetes knows every object by these",
                next="add them",
            )
        elif (unset := templates.names(list(known)) & optional) or templates.names([item["apiVersion"], item["kind"]]):
            yield _finding(
                path,
                f"`objects[{index}]` does not always have a kind and a name",
                why=f"`${{{min(unset)}}}` may come to nothing" if unset else "a kind is the same for every instance",
                next="write them in plain, the name with `${name}` in it",
            )
        elif item["kind"] in CLUSTER_SCOPED or "namespace" in metadata:
            yield _finding(
                path,
                f"`objects[{index}]` would not lie in the instance's namespace",
                why="all of an instance does, so that instances do not meet and nothing is left of one that goes",
                next="leave `metadata.namespace` out; what a cluster has once belongs into the operator's release",
            )
        elif item["kind"] == "Secret":
            yield _finding(
                path,
                f"`objects[{index}]` is a Secret",
                why="what is secret is registered by itself, so that no engine shows it",
                next="write it below `secrets`",
            )


def _probe_can_be_asked(service: declarations.Service) -> Iterator[findings.Finding]:
    scheme = service.endpoint.scheme
    if service.probe is not None and scheme not in ("http", "https"):
        yield _finding(
            ("probe",),
            f"`probe` asks by HTTP, and the endpoint's scheme is {scheme}",
            why="its answer would not be understood",
            next="leave `probe` out",
        )
    if service.probe is not None and scheme == "https" and service.tls is None:
        yield _finding(
            ("probe",),
            "`probe` cannot trust an endpoint whose certificate is not made here",
            why="it would have to take any certificate",
            next="add `tls: {}`, or leave `probe` out",
        )


def _at(value: Any, steps: list[str]) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _paths(value: Any, *, prefix: str = "") -> Iterator[str]:
    for key, item in value.items() if isinstance(value, Mapping) else ():
        yield f"{prefix}{key}"
        yield from _paths(item, prefix=f"{prefix}{key}.")


def _finding(path: findings.Path, what: str, *, why: str, next: str) -> findings.Finding:  # noqa: A002 - users' word
    return findings.Finding(path=path, what=what, why=why, next=next)


_CHECKS: Final = (
    _has_one_maker,
    _pods_are_known,
    _sizes_agree,
    _settings_are_sound,
    _names_are_distinct,
    _bindings_are_ours,
    _is_awaited,
    _counts_are_there,
    _rehearsal_is_played_from_the_spec,
    _objects_are_of_the_instance,
    _probe_can_be_asked,
)
