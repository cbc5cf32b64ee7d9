"""The component of one service instance: registers what the service's builder makes."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components import contracts, lifecycle, registration
from components.clusters import provider
from components.services import binding, credentials


@dataclasses.dataclass(frozen=True, kw_only=True)
class InstanceArgs:
    """Which service runs where, and after what."""

    entry: contracts.Service[Any]
    options: Any
    """The service's settings, of the type that its builder takes."""
    cluster: contracts.ClusterFacts
    operators: Sequence[pulumi.Resource]
    """The operators that the service needs, as far as this stack installs them."""
    homes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Namespaces of operators that live elsewhere than the catalogue says."""
    monitored_by: str = ""
    """Name of the Prometheus that watches the instance; empty where none does."""
    protect: bool = False
    """Whether what holds data is protected from deletion."""
    kinds: Mapping[tuple[str, str], contracts.Kind] = dataclasses.field(default_factory=dict)
    """What is known of its operators' kinds, by `apiVersion` and `kind`."""
    entrance: bool = False
    """Whether the cluster has an entrance for HTTP."""
    uses: Mapping[str, Instance] = dataclasses.field(default_factory=dict)
    """Instances that it uses, by role; all of it comes after all of them."""


class Instance(pulumi.ComponentResource):
    """A running service. Who depends on it waits until its operator says that it is ready."""

    endpoint: contracts.Endpoint
    version: str
    connection: Mapping[str, pulumi.Input[str]]
    """What a client needs; passwords, and what contains them, are secret. Empty where there is nothing to know."""

    def __init__(self, name: str, args: InstanceArgs, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"paasport:services:{args.entry.type}", name, None, provider.with_provider(args.cluster, opts))
        self._name, self._args = name, args
        self._after_all = (*args.operators, *args.uses.values())
        target = self._backup_target()
        objects = args.entry.build(self._builder_args(target))
        shared = registration.group(name, objects.shared, opts=self._after(*args.cluster.ready, *self._after_all))
        granted = target.binding.depends_on if target else ()
        before = [shared, *granted, *(self._single(manifest, after=[shared]) for manifest in objects.secrets)]
        for manifest in objects.custom_resources:
            self._made = self._held(manifest, after=[*before, *self._after_all])
            before.append(self._made)
        for manifest in objects.witnesses:
            before.append(self._single(manifest, after=before))
        self.connection = objects.connection
        if objects.connection:
            self._single(binding.secret(name, objects.connection), after=[shared])
        self.endpoint, self.version = objects.endpoint, objects.version
        self._authority = objects.authority
        self.register_outputs({"url": self.endpoint.url, "version": self.version})

    def _builder_args(self, target: contracts.BackupTarget | None) -> contracts.ServiceArgs[Any]:
        args, parent = self._args, pulumi.ResourceOptions(parent=self)
        return contracts.ServiceArgs(
            name=self._name,
            options=args.options,
            storage=args.cluster.storage,
            load_balancer=args.cluster.load_balancer,
            homes=args.homes,
            passwords={
                each: credentials.password(f"{self._name}-{each}", opts=parent) for each in args.entry.passwords
            },
            keys=self._keys(parent) if args.entry.keys or args.entry.authorities else {},
            entrance=args.entrance,
            backups=target,
            monitored_by=args.monitored_by,
            uses={role: used.known() for role, used in args.uses.items()},
        )

    def _keys(self, parent: pulumi.ResourceOptions) -> dict[str, contracts.KeyPair]:
        from components.services import keys  # noqa: PLC0415 - 60 ms that only who has keys is worth

        return {
            **{each: keys.pair(f"{self._name}-{each}", opts=parent) for each in self._args.entry.keys},
            **{each: keys.authority(f"{self._name}-{each}", opts=parent) for each in self._args.entry.authorities},
        }

    def known(self) -> contracts.Used:
        """What other instances that use this one know of it."""
        return contracts.Used(
            name=self._name,
            service=self._args.entry.name,
            options=self._args.options,
            endpoint=self.endpoint,
            connection=self.connection,
            authority=self._certificates_of_authority if self._authority else None,
        )

    @functools.cached_property
    def _certificates_of_authority(self) -> pulumi.Output[str]:
        """As cert-manager has made them on the cluster: nothing outside of it can know them before.

        They are looked for by an id that comes of what waits for them, so that a preview does not look too early.
        """
        place = self._made.id.apply(lambda _made: f"{self._name}/{self._authority}")
        return registration.read_secret(
            f"{self._name}-authority",
            place,
            key="ca.crt",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._made]),
        )

    def _backup_target(self) -> contracts.BackupTarget | None:
        """Permission to use the cluster's bucket, where the settings need it; checks see to the bucket."""
        args, store = self._args, self._args.cluster.backups
        writes, reads = (getattr(args.options, key, None) is not None for key in ("backups", "restore"))
        if store is None or not (writes or reads):
            return None
        grant = contracts.Grant(access="write" if writes else "read", bucket=store.bucket)
        account = args.entry.backup_account or self._name
        return contracts.BackupTarget(
            store=store, binding=args.cluster.identity.bind(self._name, account, grants=[grant])
        )

    def _held(self, manifest: contracts.Manifest, *, after: Sequence[pulumi.Resource]) -> pulumi.CustomResource:
        """A custom resource, which is changed only as its operator can and says what is lost with it."""
        kind = self._args.kinds.get((manifest["apiVersion"], manifest["kind"]))
        opts = pulumi.ResourceOptions.merge(
            self._after(*after), pulumi.ResourceOptions(protect=self._args.protect or None)
        )
        if kind is not None:
            hook = f"{self._name}-{manifest['metadata']['name']}-{kind.kind}".lower()
            opts = pulumi.ResourceOptions.merge(opts, lifecycle.guarded(hook, kind.rules, instance=self._name))
        return registration.single(manifest["metadata"]["name"], lifecycle.marked(manifest, kind), opts=opts)

    def _single(self, manifest: contracts.Manifest, *, after: Sequence[pulumi.Resource]) -> pulumi.CustomResource:
        return registration.single(manifest["metadata"]["name"], manifest, opts=self._after(*after))

    def _after(self, *resources: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(resources))
