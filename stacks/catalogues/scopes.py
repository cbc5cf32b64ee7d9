"""Which placeholders a declaration's templates may have, and where the templates are. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from stacks import findings
from stacks.catalogues import declarations, templates

PLAIN, STRUCTURE, SECRET = templates.Kind.PLAIN, templates.Kind.STRUCTURE, templates.Kind.SECRET

_ALWAYS: Final[templates.Scope] = {
    "name": PLAIN,
    "version": PLAIN,
    "servers": PLAIN,
    "availability": PLAIN,
    "size": PLAIN,
    "size.cpu": PLAIN,
    "size.memory": PLAIN,
    "storage.retainClass": PLAIN,
    "storage.defaultClass": PLAIN,
    "host": PLAIN,
    "port": PLAIN,
    "spread": STRUCTURE,
}
"""What every service has: its own name, which is also its namespace, and what follows from its settings."""


def of(service: declarations.Service) -> templates.Scope:
    """What may stand in any template of a service."""
    own = {f"settings.{name}": PLAIN for name in service.settings}
    secrets = {f"secret.{name}": PLAIN for name in service.secrets}
    stored = {"size.storage": PLAIN} if service.stores else {}
    tls = {"tls.secret": PLAIN} if service.tls else {}
    return {**_ALWAYS, **stored, **own, **secrets, **tls}


def texts(service: declarations.Service) -> templates.Scope:
    """What may stand where only a text can be."""
    return {name: kind for name, kind in of(service).items() if kind is PLAIN}


def with_passwords(service: declarations.Service) -> templates.Scope:
    """What may stand where passwords may, which are texts."""
    return {**texts(service), **{f"password.{name}": SECRET for name in service.passwords}}


def check(service: declarations.Service) -> Iterator[findings.Finding]:
    """Everything that is wrong with a service's placeholders."""
    whole, plain, secret = of(service), texts(service), with_passwords(service)
    for path, value, scope in _templates(service, whole=whole, plain=plain, secret=secret):
        yield from templates.check(value, scope=scope, path=path)


def _templates(
    service: declarations.Service, *, whole: templates.Scope, plain: templates.Scope, secret: templates.Scope
) -> Iterator[tuple[findings.Path, Any, templates.Scope]]:
    yield ("pods",), service.pods, {"name": PLAIN}
    yield ("secrets",), service.secrets, secret
    yield ("connection",), service.connection, secret
    yield ("objects",), service.objects, whole
    # The host is made of it.
    yield ("endpoint", "service"), service.endpoint.service, {"name": PLAIN}
    if service.resource is not None:
        yield ("resource", "spec"), service.resource.spec, whole
        for key in ("labels", "annotations"):
            yield ("resource", key), getattr(service.resource, key), plain
    if service.workload is not None:
        yield ("workload", "env"), service.workload.env, secret
        for key in ("command", "args"):
            yield ("workload", key), getattr(service.workload, key), plain
    if service.tls is not None:
        yield ("tls", "names"), service.tls.names, plain
    if service.monitoring is not None:
        for index, alert in enumerate(service.monitoring.alerts):
            yield ("monitoring", "alerts", index, "expression"), alert.expression, {**plain, "job": PLAIN}
            yield ("monitoring", "alerts", index, "summary"), alert.summary, plain
    if service.backup is not None:
        dump = {**plain, "backup.folder": PLAIN, **({"tls.authority": PLAIN} if service.tls else {})}
        yield ("backup", "script"), service.backup.script, dump
        yield ("backup", "size"), service.backup.size, plain
        yield ("backup", "env"), service.backup.env, {**dump, **secret}
