"""What the component of an instance registers around what a builder makes."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from components import contracts
from components.clusters import storage
from components.services import service

BUCKET = pulumi.Output.from_input("b")
STORE = contracts.ObjectStore(protocol="s3", bucket=BUCKET, url=pulumi.Output.from_input("s3://b"), root=BUCKET)


@dataclasses.dataclass(frozen=True)
class Options:
    backups: Any = None
    restore: Any = None


@dataclasses.dataclass
class Identity:
    bound: list[tuple[str, str, Any]] = dataclasses.field(default_factory=list)
    supported: bool = True
    needed: tuple[pulumi.Resource, ...] = ()

    def bind(self, namespace, service_account, *, grants):
        self.bound.append((namespace, service_account, grants))
        return contracts.Binding(pod_labels={"identity": "yes"}, depends_on=self.needed)


def config_map(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}, "data": data}


def secret(name, **data):
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}


class Recorder:
    """A builder that keeps what it was asked."""

    def __init__(self, **objects):
        self.asked = []
        self.objects = objects

    def __call__(self, args):
        self.asked.append(args)
        return contracts.ServiceObjects(
            shared=(config_map("shared"),),
            custom_resources=self.objects.get("custom_resources", ()),
            secrets=(secret("root", password=args.passwords["root"]),) if args.passwords else (),
            connection=self.objects.get("connection", {}),
            witnesses=self.objects.get("witnesses", ()),
            endpoint=contracts.Endpoint(namespace="shop", service="db", port=1),
            version="1",
        )


def facts(*, backups=None, identity=None):
    provider = pulumi.ProviderResource("kubernetes", "cluster", {})
    return contracts.ClusterFacts(
        vendor="local",
        name="cluster",
        kubeconfig=pulumi.Output.from_input("k"),
        kubectl="kubectl",
        endpoint=pulumi.Output.from_input(None),
        provider=provider,
        storage=storage.facts("csi.test", zone_redundant=None, with_snapshots=False),
        load_balancer=contracts.LoadBalancerFacts(),
        identity=identity or Identity(),
        backups=backups,
        ready=(provider,),
    )


def instance(builder, *, passwords=(), options=Options(), cluster=None, account="writer", **more):
    entry = contracts.Service(
        name="db", type="Db", operators=(), build=builder, passwords=passwords, backup_account=account
    )
    args = service.InstanceArgs(entry=entry, options=options, cluster=cluster or facts(), operators=(), **more)
    return service.Instance("shop", args)


def test_a_password_is_remembered_secret_and_not_looked_at_again(run):
    builder = Recorder()
    program = run(lambda: instance(builder, passwords=("root",)).endpoint.url)

    stash = program.one("pulumi:index:Stash", "shop-root")
    assert stash.ignored == ("input",)
    wrapped = stash.raw["input"]
    # Pulumi's mark of a secret value.
    assert wrapped["4dabf18193072939515e22adb298388d"] == "1b47061264138c4ac30d75fd1eb44270"
    assert len(wrapped["value"]) == 32
    assert program.result == "http://db.shop.svc:1"


def test_two_programs_never_make_the_same_password(run):
    made = {
        run(lambda: instance(Recorder(), passwords=("root",)).version)
        .one("pulumi:index:Stash", "shop-root")
        .raw["input"]["value"]
        for _ in range(2)
    }
    assert len(made) == 2


def test_secrets_come_before_custom_resources_and_those_one_after_the_other(run):
    two = tuple(config_map(name) for name in ("first", "second"))
    program = run(lambda: instance(Recorder(custom_resources=two), passwords=("root",), protect=True).version)
    group = program.one("kubernetes:yaml/v2:ConfigGroup", "shop")
    root = program.one("kubernetes:core/v1:Secret", "root")
    first, second = (program.one("kubernetes:core/v1:ConfigMap", name) for name in ("first", "second"))
    assert group.urn in root.dependencies
    assert {group.urn, root.urn} <= first.dependencies
    assert first.urn in second.dependencies
    assert (root.protect, first.protect, second.protect) == (False, True, True)


def test_what_tells_of_readiness_comes_after_the_custom_resources_and_is_not_protected(run):
    objects = {"custom_resources": (config_map("first"),), "witnesses": (config_map("witness"),)}
    program = run(lambda: instance(Recorder(**objects), protect=True).version)
    first, witness = (program.one("kubernetes:core/v1:ConfigMap", name) for name in ("first", "witness"))
    assert first.urn in witness.dependencies
    assert not witness.protect


def test_a_connection_is_a_secret_of_the_service_binding_shape(run):
    connection = {"type": "postgresql", "host": "db.shop.svc", "port": "5432", "password": "x"}
    program = run(lambda: instance(Recorder(connection=connection)).connection)
    found = program.one("kubernetes:core/v1:Secret", "shop-binding")
    assert found.inputs["type"] == "servicebinding.io/postgresql"
    assert found.inputs["metadata"]["namespace"] == "shop"
    data = {key: base64.b64decode(value).decode() for key, value in found.inputs["data"].items()}
    assert data == {"provider": "paasport", **connection}
    assert program.result == connection


def test_of_a_connection_only_passwords_and_what_contains_them_are_secret(run):
    """Words such as a service's name would else be masked in every message about it."""

    def connection():
        password = pulumi.Output.secret("x")
        return {"type": "etcd", "password": password, "uri": pulumi.Output.concat("etcd://", password)}

    program = run(lambda: instance(Recorder(connection=connection())).version)
    data = program.one("kubernetes:core/v1:Secret", "shop-binding").raw["data"]
    assert data["type"] == "ZXRjZA=="
    assert {key for key in data if not isinstance(data[key], str)} == {"password", "uri"}
    assert data["uri"]["value"] == base64.b64encode(b"etcd://x").decode()


def test_without_a_connection_there_is_no_binding(run):
    program = run(lambda: dict(instance(Recorder()).connection))
    assert program.result == {}
    assert [item for item in program.registrations if item.type == "kubernetes:core/v1:Secret"] == []


def test_backups_get_an_identity_that_may_write_to_the_bucket(run):
    identity, builder = Identity(), Recorder()
    run(
        lambda: (
            instance(builder, options=Options(backups="daily"), cluster=facts(backups=STORE, identity=identity)).version
        )
    )
    ((namespace, account, grants),) = identity.bound
    assert (namespace, account, [grant.access for grant in grants]) == ("shop", "writer", ["write"])
    (asked,) = builder.asked
    assert asked.backups.binding.pod_labels == {"identity": "yes"}
    assert asked.backups.store is STORE


@pytest.mark.parametrize("options", [Options(), Options(backups=None)])
def test_without_backups_nobody_gets_an_identity(run, options):
    identity, builder = Identity(), Recorder()
    run(lambda: instance(builder, options=options, cluster=facts(backups=STORE, identity=identity)).version)
    assert identity.bound == []
    assert builder.asked[0].backups is None


@pytest.mark.parametrize(
    ("options", "access"),
    [
        (Options(restore="newest"), "read"),
        (Options(backups="daily", restore="newest"), "write"),
    ],
)
def test_what_begins_with_a_backup_may_read_and_write_only_where_it_makes_its_own(run, options, access):
    identity, builder = Identity(), Recorder()
    run(lambda: instance(builder, options=options, cluster=facts(backups=STORE, identity=identity)).version)
    ((_, _, grants),) = identity.bound
    assert [grant.access for grant in grants] == [access]
    assert builder.asked[0].backups.store is STORE


def test_an_account_that_the_operator_makes_has_the_instances_name(run):
    identity, options = Identity(), Options(backups="daily")
    run(
        lambda: (
            instance(Recorder(), options=options, cluster=facts(backups=STORE, identity=identity), account="").version
        )
    )
    ((namespace, account, _),) = identity.bound
    assert (namespace, account) == ("shop", "shop")


def test_what_holds_data_waits_for_the_permissions_that_it_was_given(run):
    """Its first pods may read a backup, and give up where they may not."""

    def program():
        needed = (pulumi.CustomResource("test:index:Grant", "grant", {}),)
        builder = Recorder(custom_resources=(config_map("data"),))
        cluster = facts(backups=STORE, identity=Identity(needed=needed))
        return instance(builder, options=Options(backups="daily"), cluster=cluster).version

    found = run(program)
    assert found.one("test:index:Grant", "grant").urn in found.one("kubernetes:core/v1:ConfigMap", "data").dependencies


def custom_resource(name):
    return {"apiVersion": "acme.example/v1", "kind": "Shop", "metadata": {"name": name, "namespace": name}}


class Reading(mocks.Mocks):
    """A cluster that has one Secret."""

    def new_resource(self, args):
        if args.resource_id:
            assert args.resource_id == "store/store-tls"
            data = {"ca.crt": base64.b64encode(b"PEM").decode(), "tls.key": "eA=="}
            return args.resource_id, {**args.inputs, "data": data}
        return f"{args.name}-id", args.inputs

    def call(self, args):
        return {}


def used_and_user(*, authority=""):
    """What was built for an instance that uses another one, and for that one."""
    asked: list[Any] = []

    def other(_args):
        return contracts.ServiceObjects(
            shared=(),
            custom_resources=(custom_resource("store"),),
            connection={"type": "db", "password": pulumi.Output.secret("p")},
            endpoint=contracts.Endpoint(namespace="store", service="store", port=2),
            version="1",
            authority=authority,
        )

    def build(args):
        asked.append(args)
        secrets = (secret("ca", ca=args.uses["books"].authority),) if authority else ()
        endpoint = contracts.Endpoint(namespace="shop", service="db", port=1)
        return contracts.ServiceObjects(
            shared=(config_map("own"),), custom_resources=(), secrets=secrets, endpoint=endpoint, version="1"
        )

    cluster = facts()
    entries = [
        contracts.Service(name=name, type="Db", operators=(), build=of) for name, of in (("a", other), ("b", build))
    ]
    common = {"options": Options(), "cluster": cluster, "operators": ()}
    store = service.Instance("store", service.InstanceArgs(entry=entries[0], **common))
    user = service.Instance("shop", service.InstanceArgs(entry=entries[1], uses={"books": store}, **common))
    return user.version and asked[0]


def test_an_instance_is_told_of_those_that_it_uses_and_comes_after_them(run):
    built = []
    program = run(lambda: built.append(used_and_user()))
    books = built[0].uses["books"]
    assert (books.name, books.service, books.endpoint.url) == ("store", "a", "http://store.store.svc:2")
    assert set(books.connection) == {"type", "password"}
    assert books.authority is None
    own = program.one("kubernetes:yaml/v2:ConfigGroup", "shop")
    assert program.one("kubernetes:acme.example/v1:Shop", "store").urn in own.dependencies


def test_the_authority_of_a_used_instance_is_read_from_its_secret_once_that_is_there(run):
    program = run(lambda: used_and_user(authority="store-tls") and None, answers=Reading())
    assert program.one("kubernetes:core/v1:Secret", "ca").inputs["stringData"]["ca"] == "PEM"
