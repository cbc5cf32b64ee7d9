"""What the placeholders of a declaration stand for, for one instance. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

import pulumi

from components import contracts, isolation
from components.services import binding, credentials, placement
from stacks import service_checks
from stacks.catalogues import declarations, modelling, templates
from stacks.services import instance

Args = contracts.ServiceArgs[instance.Database]
AUTHORITY: Final = "/authority/ca.crt"
"""Where the certificate of an instance's authority is, in the pods that ask it something."""


@dataclasses.dataclass(frozen=True)
class Filled:
    """A declaration and one instance of it."""

    declared: declarations.Service
    args: Args

    @property
    def name(self) -> str:
        """Of the instance, and of its namespace."""
        return self.args.name

    @property
    def pods(self) -> dict[str, str]:
        """The labels of its pods."""
        if self.declared.workload is not None:
            return {"app.kubernetes.io/name": self.declared.service, "app.kubernetes.io/instance": self.name}
        return {key: str(_rendered(value, {"name": self.name})) for key, value in self.declared.pods.items()}

    @property
    def labels(self) -> dict[str, str]:
        """Of the objects that are made here."""
        return {
            "app.kubernetes.io/name": self.declared.service,
            "app.kubernetes.io/instance": self.name,
            isolation.PART_OF: "paasport",
        }

    @property
    def service(self) -> str:
        """Name of the Kubernetes Service."""
        return str(_rendered(self.declared.endpoint.service, {"name": self.name}))

    @property
    def host(self) -> str:
        """Where clients find it."""
        return f"{self.service}.{self.name}.svc"

    @property
    def tls_secret(self) -> str:
        """Name of the Secret with its certificate."""
        return f"{self.name}-tls"

    def metadata(self, name: str) -> dict[str, Any]:
        """Of an object that is made here."""
        return {"name": name, "namespace": self.name, "labels": self.labels}

    def render(self, value: Any, **more: Any) -> Any:
        """A template of the declaration, filled in; `more` are placeholders besides, with `_` for the dots."""
        beside = {key.replace("_", "."): item for key, item in more.items()}
        return _rendered(value, {**self._values(), **beside})

    def text(self, template: str, **more: Any) -> str:
        """A template without a password, as text; empty where it comes to nothing."""
        value = self.render(template, **more)
        return "" if value is None else str(as_text(value))

    def texts(self, values: Mapping[str, Any], **more: Any) -> dict[str, pulumi.Input[str]]:
        """The templates of a mapping, each as text."""
        return {key: as_text(item) for key, item in self.render(dict(values), **more).items()}

    def secret(self, name: str, texts: Mapping[str, pulumi.Input[str]]) -> contracts.Manifest:
        """A Secret with these texts."""
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": self.metadata(name),
            "type": "Opaque",
            "data": {key: binding.encoded(value) for key, value in texts.items()},
        }

    def spread(self) -> list[dict[str, Any]] | None:
        """Constraints for its pods; None for a single one."""
        if self.args.options.servers == 1:
            return None
        zones = max(placement.ZONES, min(self.args.options.servers, service_checks.MOST_ZONES))
        return placement.spread(self.pods, availability=self.args.options.availability, zones=zones)

    def _values(self) -> dict[str, Any]:
        args, declared, options = self.args, self.declared, self.args.options
        return {
            "name": args.name,
            "version": declared.version,
            "servers": options.servers,
            "availability": options.availability,
            "size": options.size,
            "size.cpu": options.asked("cpu"),
            "size.memory": options.asked("memory"),
            "size.storage": options.asked("storage"),
            "storage.retainClass": args.storage.retain_class,
            "storage.defaultClass": args.storage.default_class,
            "host": self.host,
            "port": declared.endpoint.port,
            "spread": self.spread(),
            "tls.secret": self.tls_secret,
            **{f"settings.{name}": modelling.value(options, name) for name in declared.settings},
            **{f"secret.{name}": f"{args.name}-{name}" for name in declared.secrets},
            **{f"password.{name}": value for name, value in args.passwords.items()},
        }


def is_secret(value: Any) -> bool:
    """Whether a template has a password in it."""
    return any(name.startswith("password.") for name in templates.names(value))


def as_text(value: Any) -> pulumi.Input[str]:
    """A value as a text: what only the engine knows stays as it is."""
    if isinstance(value, pulumi.Output):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _rendered(value: Any, values: Mapping[str, Any]) -> Any:
    return templates.render(value, values=values, join=lambda parts: credentials.text(*parts))
