"""A maker's YAML: what it brings, and every mistake in it told at its line in the maker's own file."""

from __future__ import annotations

import hashlib
import json

import jsonschema
import pytest
import yaml

from stacks import operators, schema, settings
from stacks.services import instance

WORKLOAD = """\
service: chat
about: A chat.
version: 1.4.0
workload: { image: registry.acme.example/chat:1.4.0 }
sizes: { small: { cpu: 100m, memory: 128Mi } }
endpoint: { port: 8080 }
"""


def test_a_service_of_a_catalogue_is_one_like_the_built_in_ones(maker):
    wanted = maker.parse({"web": {"service": "shop"}, "metrics": {"service": "prometheus"}})
    web = wanted.services["web"]
    assert (web.service, web.size, web.servers, web.asked("storage")) == ("shop", "small", 1, "5Gi")
    assert isinstance(web, instance.Database)
    assert operators.needed(wanted) == {"shop-operator", "prometheus-operator"}


def test_what_its_operator_requires_comes_with_it(maker):
    maker.change("version: 1.0.0 }", "version: 1.0.0, requires: [rabbitmq-cluster-operator] }")
    wanted = maker.parse({"web": {"service": "shop"}})
    assert operators.needed(wanted) == {"shop-operator", "rabbitmq-cluster-operator", "cert-manager"}


def test_tls_brings_what_makes_certificates(maker):
    maker.change("endpoint:", "tls: {}\nendpoint:")
    assert operators.needed(maker.parse({"web": {"service": "shop"}})) == {"shop-operator", "cert-manager"}


def test_a_built_in_operator_can_make_a_makers_service(maker):
    maker.change("operator: { name: shop-operator, version: 1.0.0 }", "operators: [cloudnative-pg]")
    (maker.folder / "releases.lock.yaml").unlink()
    assert operators.needed(maker.parse({"web": {"service": "shop"}})) == {"cloudnative-pg"}


def test_without_a_catalogue_nothing_is_looked_for(tmp_path):
    assert settings.outside_of({"paasport:catalogue": ""}, root=tmp_path) == settings.NO_CATALOGUE


def test_its_own_settings_are_judged_and_explained_by_its_makers_words(maker):
    maker.change(
        "sizes:",
        "settings:\n"
        "  currency: { type: text, about: What is paid with., choices: [CHF, EUR], default: EUR }\n"
        "  guests: { type: number, about: How many at a time., least: 1, most: 9, required: true }\n"
        "sizes:",
    )
    wanted = maker.parse({"web": {"service": "shop", "guests": 3}}).services["web"]
    assert (wanted.setting_currency, wanted.setting_guests) == ("EUR", 3)
    assert maker.told({"web": {"service": "shop", "currency": "USD", "guests": 10, "size": "large"}}) == [
        (
            "stack.yaml: `paasport:services.web.currency` must be one of `CHF`, `EUR`, not the text `USD`\n"
            "  What is paid with\n  next: write one of `CHF`, `EUR`"
        ),
        (
            "stack.yaml: `paasport:services.web.guests` must be at most 9, not the number `10`\n"
            "  How many at a time\n  next: write 9 or less"
        ),
        (
            "stack.yaml: `paasport:services.web.size` must be one of `small`, not the text `large`\n"
            "  How much CPU, memory and storage it gets. Default `small`\n  next: write one of `small`"
        ),
    ]
    assert maker.told({"web": {"service": "shop"}}) == [
        "stack.yaml: `paasport:services.web.guests` is missing\n  How many at a time\n  next: add the key `guests`"
    ]


def test_an_unknown_service_is_told_with_the_catalogues_own(maker):
    (told,) = maker.told({"web": {"service": "shpo"}})
    assert "`prometheus`, `rabbitmq`" in told
    assert "`shop`, not the text `shpo`" in told
    assert told.endswith("next: write `shop`")


def test_what_a_maker_has_not_provided_for_is_refused_with_the_reason(maker):
    told = maker.told({"web": {"service": "shop", "backups": {}, "restore": {"instance": "web"}}})
    assert told == [
        (
            "stack.yaml: `paasport:services.web.backups` cannot be had for a shop\n"
            "  its maker says no way to back it up\n  next: leave `backups` out"
        ),
        (
            "stack.yaml: `paasport:services.web.restore` cannot be had for a shop\n"
            "  a dump is restored by hand, by whoever knows the service\n  next: leave `restore` out"
        ),
    ]


def test_several_prometheus_do_not_matter_to_what_has_no_metrics(maker):
    both = {name: {"service": "prometheus"} for name in ("one", "two")}
    assert maker.told({"web": {"service": "shop"}, **both}) == []


def test_a_plain_deployment_lacks_what_an_operator_would_do(maker):
    maker.alone("services/chat.yaml", WORKLOAD)
    assert maker.parse({"talk": {"service": "chat"}}).services["talk"].LACKS == (
        "no operator: nobody repairs it but Kubernetes, which starts pods again",
        "no failover: its servers know nothing of each other",
        "no upgrade logic: another version replaces pods one by one, whatever data they left",
        "no volume: what it writes is gone with its pod",
        "no backup",
        "no monitoring: no alarm is raised",
        "no TLS: its clients' traffic can be read",
        "no probe: nobody looks whether it answers",
    )


def test_storage_of_what_stores_nothing_is_refused(maker):
    maker.alone("services/chat.yaml", WORKLOAD)
    (told,) = maker.told({"talk": {"service": "chat", "overrides": {"storage": "5Gi"}}})
    assert told.startswith(
        "stack.yaml: `paasport:services.talk.overrides.storage` has no effect: a chat has no volumes"
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("service: shop", "service: prometheus", 1, "the service name `prometheus` is taken: it is built in"),
        ("service: shop", "service: Shop", 1, "`service` must be a DNS label"),
        ("passwords: [", "pasword: [", 9, "unknown key `pasword`"),
        ("name: shop-operator", "name: contour", 4, "the operator name `contour` is taken: it is built in"),
        ("name: shop-operator", "name: ingress", 4, "the operator `ingress` would live in the namespace `ingress`"),
        ("1.0.0 }", "1.0.0, requires: [cert-manger] }", 4, "there is no operator `cert-manger`"),
        ('pods: { app: "${name}" }\n', "", 0, "`pods` is missing"),
        ("cpu: 250m", "cpu: much", 7, "`sizes.small.cpu` must be a Kubernetes quantity"),
        ("servers: { single: 1", "servers: { single: 0", 8, "`servers.single` must be at least 1"),
        ("passwords: [admin]", "passwords: [admin, admin]", 9, "`passwords` names admin again"),
        ("ready: [condition=Ready]", "ready: []", 14, "`resource.ready` must not be empty"),
        ("ready: [condition=Ready]", "ready: [Ready]", 14, "`resource.ready[0]` must be what is waited for"),
        ("replicas: ${servers}", "replicas: ${server}", 16, "`resource.spec.replicas` has the unknown placeholder"),
        ("${secret.admin}", "${password.admin}", 17, "`resource.spec.adminSecret` has the unknown placeholder"),
        (
            "resource:\n",
            "resource:\n  counts: { .status.up: .spec.many }\n",
            12,
            "`.spec.many` is nothing in the resource",
        ),
        ("status: { cond", "status: { up: '${spec.many}', cond", 19, "`resource.rehearsal.status.up` has the unknown"),
        ("port: 8080", "port: 80808", 20, "`endpoint.port` must be at most 65535"),
        ("username: admin", "host: admin", 21, "`connection.host` is written here"),
        (
            "username: admin",
            "username: { a: b }",
            21,
            "`connection.username` must be a text, a number or a truth value",
        ),
        ("endpoint:", "workload: { image: a:1 }\nendpoint:", 4, "`operator` and `workload` exclude each other"),
        ("endpoint:", "objects: [{ kind: ConfigMap }]\nendpoint:", 20, "`objects[0]` lacks `apiVersion`, `kind` or"),
        ("endpoint:", "settings: { size: { type: text, about: a } }\nendpoint:", 20, "`settings.size` is taken"),
        (
            "endpoint:",
            "settings: { a: { type: number, about: a, default: b } }\nendpoint:",
            20,
            "the default of `settings.a` is not what the setting may be",
        ),
        (
            "endpoint:",
            "objects: [{ apiVersion: v1, kind: Secret, metadata: { name: a } }]\nendpoint:",
            20,
            "`objects[0]` is a Secret",
        ),
        (
            "endpoint:",
            "objects: [{ apiVersion: v1, kind: Namespace, metadata: { name: a } }]\nendpoint:",
            20,
            "`objects[0]` would not lie in the instance's namespace",
        ),
        (
            "endpoint: { port: 8080",
            "probe: { path: / }\nendpoint: { port: 8080, scheme: https",
            20,
            "`probe` cannot trust",
        ),
        ("about: An online shop.", "about: [", 4, "the YAML is broken"),
    ],
)
def test_a_mistake_is_told_at_its_line_in_the_makers_file(maker, old, new, line, what):
    maker.change(old, new)
    first, *_ = maker.told({"web": {"service": "shop"}})
    place, _, told = first.partition(": ")
    assert told.startswith(what)
    assert place.split(":")[:2] == (
        ["../acme/services/shop.yaml", str(line)] if line else ["../acme/services/shop.yaml"]
    )
    assert "\n  next: " in told


def test_all_problems_are_told_at_once_and_a_service_that_cannot_be_read_is_no_unknown_one(maker):
    maker.change("cpu: 250m", "cpu: much")
    maker.change("port: 8080", "port: none")
    told = maker.told({"web": {"service": "shop"}, "metrics": {"service": "prometheus", "size": "smal"}})
    assert [line.partition(" ")[0] for line in told] == [
        "../acme/services/shop.yaml:7:12:",
        "../acme/services/shop.yaml:20:13:",
        "stack.yaml:",
    ]


def test_two_services_of_one_name_are_refused(maker):
    maker.write("services/zzz.yaml", WORKLOAD.replace("chat", "shop", 1))
    (told,) = maker.told()
    assert told.startswith("../acme/services/zzz.yaml:1:1: the service name `shop` is taken: it is another service of")


def test_an_instance_has_no_operators_namespace(maker):
    (told,) = maker.told({"shop-operator": {"service": "shop"}})
    assert "an operator of the catalogue lives in that namespace" in told


def test_on_this_machine_an_operator_without_rehearsal_would_be_waited_for_in_vain(maker):
    maker.change('  rehearsal: { status: { conditions: [{ type: Ready, status: "True" }] } }\n', "")
    (told,) = maker.told({"web": {"service": "shop"}})
    assert "the operator shop-operator of `shop` does not run on the vendor local" in told
    existing = {
        "vendor": "existing",
        "name": "a",
        "kubeconfig": {"path": "k"},
        "storage": {"provisioner": "a.b"},
    }
    assert maker.told({"web": {"service": "shop"}}, **{"paasport:cluster": existing}) == []


# The lock file


def test_an_operator_is_pinned(maker):
    (maker.folder / "releases.lock.yaml").unlink()
    (told,) = maker.told()
    assert told.startswith("../acme/releases.lock.yaml: it is missing, and the release of `shop-operator` is pinned")


def test_a_file_that_is_not_the_pinned_one_is_refused_and_named(maker):
    release = maker.folder / "shop-operator/operator.yaml"
    pinned = hashlib.sha256(release.read_bytes()).hexdigest()
    release.write_text("kind: List\n")
    (told,) = maker.told()
    assert told.startswith("../acme/releases.lock.yaml:4:")
    assert f"`shop-operator/operator.yaml` is not the pinned file: expected sha256 {pinned}, got " in told
    assert hashlib.sha256(b"kind: List\n").hexdigest() in told


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("shop-operator:\n", "other:\n", 0, "`shop-operator` is missing"),
        ("version: 1.0.0", "version: 1.0.1", 2, "shop-operator 1.0.1 is pinned, and its service wants 1.0.0"),
        ("operator:1.0.0", "operator:latest", 3, "`shop-operator.images[0]` must be an image by exact version"),
        (
            "file: shop-operator/operator.yaml",
            "file: nowhere.yaml",
            4,
            "there is no file `nowhere.yaml` in the catalogue",
        ),
        ('["registry.acme.example/shop-operator:1.0.0"]', "[]", 3, "`shop-operator.images` must not be empty"),
        ("file: shop-operator/", "file: ../project/../acme/../", 4, "there is no file `../project/../acme/../"),
        ("file: shop", "url: http://a.b/c, file: shop", 4, '`shop-operator.manifests["operator.yaml"].url` must be an'),
        ("file: shop", "url: https://a.b/c, file: shop", 4, "a file of a release has either a `url` or a `file`"),
    ],
)
def test_a_wrong_lock_file_is_told_at_its_line(maker, old, new, line, what):
    maker.change(old, new, name="releases.lock.yaml")
    first, *_ = maker.told()
    place, _, told = first.partition(": ")
    assert told.startswith(what)
    assert place.split(":")[1:2] == ([str(line)] if line else [])


# For editors


def test_the_committed_schema_is_that_of_the_declarations():
    assert schema.SERVICES_PATH.read_text(encoding="utf-8") == schema.of_services(), "run: python -m stacks.schema"


def test_the_schema_takes_the_example_and_marks_a_mistake(maker):
    validator = jsonschema.Draft202012Validator(json.loads(schema.of_services()))
    validator.check_schema(validator.schema)
    shop = yaml.safe_load(maker.shop.read_text())
    validator.validate(shop)
    assert not validator.is_valid({**shop, "sise": {}})
    assert not validator.is_valid({**shop, "endpoint": {"port": "8080"}})


# Further rules


@pytest.mark.parametrize(
    ("item", "what"),
    [
        ("{ apiVersion: v1, kind: ConfigMap, metadata: { name: '${settings.a}' } }", "does not always have a kind and"),
        ("{ apiVersion: v1, kind: '${name}', metadata: { name: a } }", "does not always have a kind and a name"),
        ("{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, labels: [] } }", "lacks `apiVersion`, `kind` or"),
        ("{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, namespace: b } }", "would not lie in the instance's"),
    ],
)
def test_an_object_is_there_for_every_instance_and_in_its_namespace(maker, item, what):
    maker.change("endpoint:", f"settings: {{ a: {{ type: text, about: b }} }}\nobjects: [{item}]\nendpoint:")
    (told,) = maker.told()
    assert f"`objects[0]` {what}" in told


def test_where_only_a_text_can_be_nothing_else_is_known(maker):
    maker.change("username: admin", "username: '${spread}'")
    (told,) = maker.told()
    assert "`connection.username` has the unknown placeholder `${spread}`" in told


def test_more_servers_than_zones_share_them(maker):
    maker.change("zonal: 2", "zonal: 5")
    assert maker.told({"web": {"service": "shop", "availability": "zonal"}}) == []
    local = {"vendor": "local", "nodes": {"zones": ["a", "b"]}}
    (told,) = maker.told({"web": {"service": "shop", "availability": "zonal"}}, **{"paasport:cluster": local})
    assert "give the cluster three zones and three nodes or more" in told


def second(maker, **changes):
    text = maker.shop.read_text().replace("service: shop", "service: blog", 1)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    maker.write("services/blog.yaml", text)


def test_one_operator_is_described_once_and_named_by_others(maker):
    second(maker)
    (told,) = maker.told()
    assert told.startswith("../acme/services/shop.yaml:4:13: the operator `shop-operator` is described a second time")
    second(maker, **{"operator: { name: shop-operator, version: 1.0.0 }": "operators: [shop-operator]"})
    assert maker.told({"a": {"service": "shop"}, "b": {"service": "blog"}}) == []


def test_two_operators_do_not_share_a_namespace(maker):
    second(maker, **{"name: shop-operator": "name: blog-operator, namespace: shop-operator"})
    first, *_ = maker.told()
    assert "the operator `shop-operator` would live in the namespace `shop-operator`, which is that of blog-op" in first


@pytest.mark.parametrize("mistake", [("port: 8080", "port: none"), ("replicas: ${servers}", "replicas: ${server}")])
def test_an_operator_whose_service_is_wrong_is_not_missed_by_others(maker, mistake):
    second(maker, **{"operator: { name: shop-operator, version: 1.0.0 }": "operators: [shop-operator]"})
    maker.change(*mistake)
    (told,) = maker.told()
    assert told.startswith("../acme/services/shop.yaml:")
