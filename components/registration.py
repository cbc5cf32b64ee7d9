"""How plain data become Pulumi resources: manifests together, from a file or one by one; a vendor's one by one.

The classes of the generated SDKs would register the same types with the same inputs (tests compare them, and check
every input against the SDK's types). They are not used because importing them costs, in every run, a third of a second
for `yaml.v2`, 2.5 s for `pulumi_aws.ec2`, 5.6 s and 235 MB for `pulumi_gcp.compute` (docs/adr/0004).
"""

from __future__ import annotations

import base64
import functools
import importlib.metadata
import json
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pulumi

from components import contracts

GROUP: Final = "kubernetes:yaml/v2:ConfigGroup"
FILE: Final = "kubernetes:yaml/v2:ConfigFile"


def group(
    name: str, manifests: Iterable[contracts.Manifest], *, opts: pulumi.ResourceOptions
) -> pulumi.ComponentResource:
    """Register manifests that need no options of their own; who depends on the group waits for all of them.

    An object costs 0.5 ms here instead of 10 ms when registered by itself.
    """
    return pulumi.ComponentResource(GROUP, name, {"objs": list(manifests)}, _versioned(opts), remote=True)


def file(name: str, path: pathlib.PurePosixPath, *, opts: pulumi.ResourceOptions) -> pulumi.ComponentResource:
    """Register all objects of a YAML file without reading it here.

    `path` is relative to the project, so that state is the same on every machine. Raises ValueError where it is not.
    """
    if path.is_absolute():
        raise ValueError(f"{path} must be relative to the project")
    return pulumi.ComponentResource(FILE, name, {"file": str(path)}, _versioned(opts), remote=True)


def single(name: str, manifest: contracts.Manifest, *, opts: pulumi.ResourceOptions) -> pulumi.CustomResource:
    """Register one object by itself, because it needs options of its own, holds data or is waited for."""
    return pulumi.CustomResource(token(manifest), name, dict(manifest), _versioned(opts))


class Resource(pulumi.CustomResource):
    """One resource of a vendor's. Its outputs are asked for by the names that the vendor's provider has for them."""

    def __init__(
        self,
        token: str,
        name: str,
        properties: Mapping[str, Any],
        *,
        outputs: Iterable[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        self._outputs = frozenset({*properties, *outputs})
        # Only what is among the properties becomes an output; what is not an input is sent as nothing.
        super().__init__(token, name, {**dict.fromkeys(outputs), **properties}, opts)

    def output(self, name: str) -> pulumi.Output[Any]:
        """The output of this name. Raises KeyError for one that was neither an input nor asked for."""
        if name not in self._outputs:
            raise KeyError(name)
        found: pulumi.Output[Any] = self.__dict__[name]
        return found


def resource(
    token: str,
    name: str,
    properties: Mapping[str, Any],
    *,
    outputs: Iterable[str] = (),
    opts: pulumi.ResourceOptions,
) -> Resource:
    """Register a vendor's resource, for example `aws:ec2/vpc:Vpc`.

    `properties` have the provider's own names (camelCase, as in its schema and in policies); None leaves one out.
    `outputs` are the names of those outputs that are read and are no inputs.
    """
    given = {key: value for key, value in properties.items() if value is not None}
    return Resource(token, name, given, outputs=outputs, opts=_pinned(token.partition(":")[0], opts))


def provider(
    package: str, name: str, properties: Mapping[str, Any], *, opts: pulumi.ResourceOptions
) -> pulumi.ProviderResource:
    """Register a provider of `package` (`aws`, `gcp`, `azure-native`) with these settings.

    What is no text travels as JSON, because a provider's settings are texts by Pulumi's protocol.
    """
    texts = {
        key: value if isinstance(value, (str, pulumi.Output)) else json.dumps(value)
        for key, value in properties.items()
        if value is not None
    }
    return pulumi.ProviderResource(package, name, texts, _pinned(package, opts))


def remembered(name: str, value: pulumi.Input[Any], *, opts: pulumi.ResourceOptions) -> pulumi.Output[Any]:
    """What the value was when one was first registered under this name: later ones are not even looked at.

    For what a vendor recommends today and must not change on a living cluster tomorrow. Another name asks anew.
    """
    first = pulumi.ResourceOptions(ignore_changes=["input"])
    return pulumi.Stash(name, pulumi.ResourceOptions.merge(opts, first), input=value).output


def memory(name: str, value: pulumi.Input[Any], *, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """What keeps the value of the last run, for hooks to compare the next one with."""
    return pulumi.Stash(name, opts, input=value)


def read_secret(name: str, place: pulumi.Input[str], *, key: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """A text of a Secret that somebody else has made; `place` is its `<namespace>/<name>`.

    Pulumi keeps the whole Secret in its state, encrypted: choose one of which that can be borne.
    """
    found = pulumi.ResourceOptions(id=place, additional_secret_outputs=["data"])
    read = Resource(
        "kubernetes:core/v1:Secret",
        name,
        {},
        outputs=["data"],
        opts=_versioned(pulumi.ResourceOptions.merge(opts, found)),
    )
    return read.output("data").apply(lambda data: base64.b64decode(data[key]).decode())


def token(manifest: contracts.Manifest) -> str:
    """Pulumi's type of the object, for example `kubernetes:core/v1:Namespace` or `kubernetes:apps/v1:Deployment`."""
    api_version = str(manifest["apiVersion"])
    qualified = api_version if "/" in api_version else f"core/{api_version}"
    return f"kubernetes:{qualified}:{manifest['kind']}"


def _versioned(opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    return _pinned("kubernetes", opts)


def _pinned(package: str, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """With the version of the installed SDK, which names the provider's plugin that the inputs are made for."""
    return pulumi.ResourceOptions.merge(pulumi.ResourceOptions(version=_installed(package)), opts)


@functools.cache
def _installed(package: str) -> str:
    """Asked once: it reads the SDK's metadata, and a stack registers hundreds of resources."""
    return importlib.metadata.version(f"pulumi-{package}")
