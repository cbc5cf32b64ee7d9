"""Which provider a resource belongs to: the one its program configured, or the default one of its package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from runner.engine import loss, model, urn, values
from stacks import errors

Maker = Callable[[Mapping[str, Any]], model.Provider]
"""Makes a package's provider from the inputs of a `pulumi:providers:<package>` resource, secrets opened.

In a preview an input may be `UNKNOWN`, where the cluster is still to be created: the provider then plans blindly.
"""


@runtime_checkable
class Closing(Protocol):
    """A provider that holds connections or processes."""

    async def close(self) -> None:
        """End them."""
        ...


@runtime_checkable
class Answering(Protocol):
    """A provider that has functions."""

    async def invoke(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer of one of them. Raises `EngineError` with the provider's reason."""
        ...


@runtime_checkable
class Claiming(Protocol):
    """A provider whose resources keep data on volumes."""

    async def claims(self, namespace: str) -> tuple[loss.Claim, ...]:
        """The claims on volumes in a namespace. Raises `EngineError` where they cannot be listed."""
        ...


class Providers:
    """The providers of one run. A default provider is made at its first use."""

    def __init__(
        self,
        makers: Mapping[str, Maker],
        *,
        defaults: Mapping[str, Mapping[str, Any]],
        entries: Callable[[str], model.Entry | None],
        simulated: frozenset[str] = frozenset(),
    ) -> None:
        """`defaults`: inputs by package. `entries`: finds what the inventory remembers of a provider resource.

        `simulated`: packages whose resources exist on this machine only.
        """
        self._makers = makers
        self._simulated = simulated
        self._defaults = defaults
        self._entries = entries
        self._made: dict[str, model.Provider] = {}

    def configure(self, provider_urn: str, inputs: Mapping[str, Any]) -> None:
        """Take note of a provider resource. Raises `Unsupported` for a package that the engine has no provider for."""
        maker = self._maker(urn.package(urn.Urn.parse(provider_urn).type))
        self._made[provider_urn] = maker(values.revealed(dict(inputs)))

    def of(self, type_token: str, reference: str) -> model.Provider:
        """The provider for a resource of the type; `reference` is `urn::id`, or empty for the default one."""
        package = urn.package(type_token)
        if not reference:
            if package not in self._made:
                self._made[package] = self._maker(package)(self._defaults.get(package, {}))
            return self._made[package]
        provider_urn = urn.provider_urn(reference)
        if provider_urn not in self._made:
            # It left the program, but resources of it are still to be deleted.
            entry = self._entries(provider_urn)
            if entry is None:
                raise errors.EngineError.of(f"provider {reference} is neither in the program nor in the inventory")
            self.configure(provider_urn, entry.inputs)
        return self._made[provider_urn]

    def simulates(self, type_token: str) -> bool:
        """Whether resources of the type exist on this machine only."""
        return urn.package(type_token) in self._simulated

    async def close(self) -> None:
        """End what the providers hold open."""
        for provider in self._made.values():
            if isinstance(provider, Closing):
                await provider.close()

    def _maker(self, package: str) -> Maker:
        if package not in self._makers:
            raise errors.Unsupported.of(
                f"the embedded engine has no provider for {package}",
                why=f"it has them for {', '.join(sorted(self._makers))}",
                next="run the stack with --engine pulumi",
            )
        return self._makers[package]
