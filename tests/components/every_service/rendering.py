"""Every service of the catalogue, of every size and availability, with and without backups, as plain objects.

What is asked for is made of the catalogue itself, so that a service added tomorrow is rendered without an edit here.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import pathlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import pulumi
import yaml

from components import contracts
from components.services import binding
from components.services import catalogue as entries
from stacks import service_checks
from stacks.services import catalogue as models
from stacks.services import instance

from . import vendors

STACKS: Final = pathlib.Path(__file__).parents[3] / "stacks"
SIZES: Final[tuple[instance.Size, ...]] = ("small", "medium", "large")
AVAILABILITIES: Final[tuple[instance.Availability, ...]] = ("single", "zonal")
PROMETHEUS: Final = "metrics"
ON_ANY_NODES: Final[Mapping[str, Mapping[str, Any]]] = {"scylla": {"nodes": "shared"}}
"""What a service must be told to run on nodes that are not kept for it."""
KEYS: Final = contracts.KeyPair(
    # Made for these tests alone, with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`.
    private=(
        "-----BEGIN PRIVATE KEY-----\n"
        "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgdE17qfCt+2ly1MGJ\n"
        "Hb1015fXiEDrd/+aiIY4VLeU1U2hRANCAARgRcMmhZLzOeWIosotD+eldBoBcCEo\n"
        "W3qpSwlk7BGoKk9GC1UaksbDy5NbTKu3J3b3EjKnBuxY2NBWv9OudgYj\n"
        "-----END PRIVATE KEY-----\n"
    ),
    public="public half",
)
FOR_OTHERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "cassandra": {"unencrypted": True},
    "rabbitmq": {"unencrypted": True},
}
"""What a service must be told where another one uses it."""
OBJECTS_BY_OPTION: Final[Mapping[str, Mapping[str, Any]]] = {
    "astarte": {"realm": "test"},
    "prometheus": {"alertmanager": {"receivers": "receivers"}},
    "rabbitmq": {"protocols": ["mqtt", "stomp", "stream"]},
    **ON_ANY_NODES,
}
"""Settings of one service alone that bring objects or parts of their own."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Variant:
    """One thing that a stack file may ask for."""

    name: str
    """Service, size, availability and what else is asked for: for test ids."""
    service: str
    options: instance.Instance


@functools.cache
def variants() -> tuple[Variant, ...]:
    """All of all services."""
    return tuple(
        variant
        for service in models.SERVICES
        for size in SIZES
        for availability in AVAILABILITIES
        for variant in _variants(service, size=size, availability=availability)
    )


def objects(variant: Variant, vendor: vendors.Vendor) -> list[contracts.Manifest]:
    """All that is registered for an instance called `shop`; may contain Outputs. Inside of an event loop."""
    found = built(variant.options, vendor)
    connection = [binding.secret("shop", found.connection)] if found.connection else []
    return [*found.shared, *found.secrets, *found.custom_resources, *found.witnesses, *connection]


def built(options: instance.Instance, vendor: vendors.Vendor) -> contracts.ServiceObjects:
    """What the catalogue's builder makes of these settings. Inside of an event loop where there are backups."""
    entry = entries.SERVICES[options.service]
    return entry.build(
        contracts.ServiceArgs(
            name="shop",
            options=options,
            storage=vendor.storage,
            load_balancer=vendor.load_balancer,
            passwords={name: f"password-of-{name}" for name in entry.passwords},
            backups=vendor.backups() if options.uses_backups else None,
            keys=dict.fromkeys((*entry.keys, *entry.authorities), KEYS),
            entrance=True,
            uses={role: _used(role, services[0]) for role, services in options.USES.items()},
            monitored_by=PROMETHEUS if is_watched(options) else "",
        )
    )


def _used(role: str, service: str) -> contracts.Used:
    """An instance that another one uses, of three servers."""
    model = models.SERVICES[service]
    return contracts.Used(
        name=role,
        service=service,
        options=model.model_validate({"service": service, "availability": "zonal", **required(service)}),
        endpoint=contracts.Endpoint(namespace=role, service=role, port=9042),
        connection={"host": f"{role}.{role}.svc", "username": "u", "password": "p", "datacenter": "dc1"},
        authority="PEM",
    )


def is_watched(options: instance.Instance) -> bool:
    """Whether a Prometheus may watch it."""
    return isinstance(options, instance.Database) and "monitored_by" not in options.REFUSED


def offered(vendor: vendors.Vendor) -> list[Variant]:
    """What can be had on this vendor's clusters."""
    return [variant for variant in variants() if vendor.store is not None or not variant.options.uses_backups]


def rendered(wanted: Iterable[Variant], vendor: vendors.Vendor) -> dict[str, list[contracts.Manifest]]:
    """Objects by the variant's name, with every value known."""

    return known(lambda: {variant.name: objects(variant, vendor) for variant in wanted})


def known(make: Callable[[], Any]) -> Any:
    """What is made, with every value known."""

    async def made() -> Any:
        return await _known(make())

    return asyncio.run(made())


@functools.cache
def everything() -> dict[str, dict[str, list[contracts.Manifest]]]:
    """Objects by vendor and variant: rendered once, and nobody changes them."""
    return {vendor.name: rendered(offered(vendor), vendor) for vendor in vendors.VENDORS}


async def _known(value: Any) -> Any:
    if isinstance(value, pulumi.Output):
        return await _known(await value.future())
    if isinstance(value, Mapping):
        return {key: await _known(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [await _known(item) for item in value]
    return value


def _variants(service: str, *, size: instance.Size, availability: instance.Availability) -> Iterable[Variant]:
    model = models.SERVICES[service]
    plain = {"service": service, "size": size, "availability": availability, **required(service)}
    asked: dict[str, Mapping[str, Any]] = {"": {}}
    if service in OBJECTS_BY_OPTION:
        asked["more"] = OBJECTS_BY_OPTION[service]
    if issubclass(model, instance.Database):
        asked |= {"backups": {"backups": {}}, "restore": {"backups": {}, "restore": {"instance": "another"}}}
    for name, more in asked.items():
        options = model.model_validate({**plain, **more})
        if not _refusals(options):
            yield Variant(
                name="-".join(filter(None, (service, size, availability, name))), service=service, options=options
            )


def _refusals(options: instance.Instance) -> list[str]:
    """What speaks against asking for this; some services have no restore."""
    return [found.what for check in service_checks.CHECKS for found in check(options, None, ("services", "shop"))]


@functools.cache
def required(service: str) -> dict[str, Any]:
    """Settings without which there is no such instance, as a stack file of the project has them."""
    needed = {
        field.alias or name
        for name, field in models.SERVICES[service].model_fields.items()
        if field.is_required() and name != "service"
    }
    if not needed:
        return {}
    for path in sorted(STACKS.glob("Pulumi.*.yaml")):
        for found in yaml.safe_load(path.read_text())["config"].get("paasport:services", {}).values():
            if found["service"] == service:
                return {key: found[key] for key in needed}
    raise AssertionError(f"no stack file has a {service}, whose settings {sorted(needed)} are required")
