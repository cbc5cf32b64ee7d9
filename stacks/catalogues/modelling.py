"""From a declaration to the model that stack files are judged by, as if it had been written in Python. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, cast

import pydantic

from stacks import fields, managed
from stacks.catalogues import declarations, templates
from stacks.services import instance

_TYPES: Final[Mapping[str, Any]] = {
    "text": Annotated[str, pydantic.StringConstraints(max_length=1000)],
    "number": int,
    "flag": fields.Flag,
    "quantity": fields.Quantity,
}
FIELD: Final = "setting_"
"""What the name of a setting's field begins with in Python, so that it can be no method of a model."""


class Exposed(fields.Model):
    """A load balancer before an instance."""

    scheme: Literal["internal", "public"] = "internal"
    """Who may reach it: the cluster's own network, or the internet. Default `internal`."""
    source_ranges: tuple[managed.Cidr, ...] = ()
    """Networks that may reach it. Default all."""


def model(service: declarations.Service) -> type[instance.Database]:
    """The model of an instance's settings."""
    attributes: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": service.about,
        "SIZES": {name: _server(size) for name, size in service.sizes_given.items()},
        "SERVERS": _servers(service.servers),
        "PREVIEW": service.preview,
        "LACKS": lacks(service),
        "REFUSED": _refused(service),
    }
    base = type(f"{type_name(service.service)}Base", (instance.Database,), attributes)
    made: type[pydantic.BaseModel] = pydantic.create_model(
        type_name(service.service), __base__=base, __module__=__name__, **_fields(service)
    )
    made.__doc__ = service.about
    return cast("type[instance.Database]", made)


def type_name(service: str) -> str:
    """The last part of its component's type: `web-shop` becomes `WebShop`."""
    return "".join(part.capitalize() for part in service.split("-"))


def value(options: instance.Instance, setting: str) -> Any:
    """What a setting of the maker's own is."""
    return getattr(options, f"{FIELD}{setting}")


def exposed(options: instance.Instance) -> Exposed | None:
    """The load balancer that a stack file asks for."""
    found: Exposed | None = getattr(options, "exposure", None)
    return found


def lacks(service: declarations.Service) -> tuple[str, ...]:
    """What an instance does without, compared with a service whose operator and declaration leave nothing out."""
    return (*_without_operator(service), *_undeclared(service))


def _without_operator(service: declarations.Service) -> tuple[str, ...]:
    if service.workload is None:
        return ()
    return (
        "no operator: nobody repairs it but Kubernetes, which starts pods again",
        "no failover: its servers know nothing of each other",
        "no upgrade logic: another version replaces pods one by one, whatever data they left",
        *(("no volume: what it writes is gone with its pod",) if not service.stores else ()),
    )


def _undeclared(service: declarations.Service) -> tuple[str, ...]:
    used: set[str] = set() if service.resource is None else {*_used(service)}
    is_several = service.servers.single > 1 or service.servers.zonal is not None
    found = {
        "no backup": service.backup is None,
        "no monitoring: no alarm is raised": service.monitoring is None,
        "no TLS: its clients' traffic can be read": service.tls is None and not service.endpoint.scheme.endswith("s"),
        "no probe: nobody looks whether it answers": service.probe is None,
        "no spread that is ours: its resource does not use `${spread}`, so its operator decides about zones": (
            service.resource is not None and is_several and "spread" not in used
        ),
        "no volume class that is ours: its resource does not use `${storage.retainClass}`, so deletion may lose data": (
            service.resource is not None and service.stores and "storage.retainClass" not in used
        ),
    }
    return tuple(text for text, is_missing in found.items() if is_missing)


def _used(service: declarations.Service) -> set[str]:
    return templates.names([service.resource.spec if service.resource else {}, *service.objects])


def _refused(service: declarations.Service) -> dict[str, str]:
    """Which keys of every database it cannot have, and why."""
    given = {
        "backups": "its maker says no way to back it up" if service.backup is None else "",
        "restore": "a dump is restored by hand, by whoever knows the service",
        "monitored_by": "its maker says no metrics that could be watched" if service.monitoring is None else "",
    }
    return {key: why for key, why in given.items() if why}


def _server(size: declarations.Size) -> instance.Server:
    return instance.Server(cpu=size.cpu, memory=size.memory, storage=size.storage or "")


def _servers(servers: declarations.Servers) -> dict[instance.Availability, int]:
    several: dict[instance.Availability, int] = {} if servers.zonal is None else {"zonal": servers.zonal}
    return {"single": servers.single, **several}


def _fields(service: declarations.Service) -> dict[str, Any]:
    sizes, servers = tuple(service.sizes_given), tuple(_servers(service.servers))
    own = {f"{FIELD}{name}": _field(name, setting) for name, setting in service.settings.items()}
    about = "A load balancer before it. Leave it out for none."
    exposure = {"exposure": (Exposed | None, pydantic.Field(None, description=about))} if service.exposure else {}
    inherited = instance.Database.model_fields
    return {
        "service": (Literal[service.service], pydantic.Field(description=inherited["service"].description)),
        "size": (Literal[sizes], pydantic.Field("small", description=inherited["size"].description)),
        "availability": (Literal[servers], pydantic.Field("single", description=inherited["availability"].description)),
        **own,
        **exposure,
    }


def _field(name: str, setting: declarations.Setting) -> tuple[Any, Any]:
    kind = Literal[setting.choices] if setting.choices else _TYPES[setting.type]
    if setting.type == "number":
        kind = Annotated[int, pydantic.Strict(), pydantic.Field(ge=setting.least, le=setting.most)]
    if setting.required:
        return kind, pydantic.Field(alias=name, description=setting.about)
    if setting.default is None:
        return kind | None, pydantic.Field(None, alias=name, description=setting.about)
    return kind, pydantic.Field(setting.default, alias=name, description=setting.about)
