"""Services that a maker's YAML declares, as objects: what every instance gets, and what its declaration adds."""

from __future__ import annotations

import json

import pulumi
import pytest

from components import contracts
from components.operators import catalogue as operators
from components.services import catalogue
from stacks import lifecycle
from tests.stacks import samples
from tests.stacks.catalogues.makers import Maker

STORAGE = contracts.StorageFacts(
    default_class="paasport-ssd", retain_class="paasport-ssd-retain", xfs_class="x", driver="d", zone_redundant=None
)
BUCKET = pulumi.Output.from_input("b")
EXISTING = {"vendor": "existing", "name": "a", "kubeconfig": {"path": "k"}, "storage": {"provisioner": "a.b"}}
MANAGED = samples.having(samples.EKS, backups={"retentionDays": 30})
CHAT = """\
service: chat
about: A chat.
version: 1.4.0
workload:
  image: registry.acme.example/chat:1.4.0
  args: ["--title=${settings.title}"]
  env: { TOKEN: "t-${password.admin}", LEVEL: 3, MOTD: "${settings.motd}" }
  scratch: [/tmp]
  user: 1000
settings:
  title: { type: text, about: What it is called., default: Chat }
  motd: { type: text, about: What it says first. }
sizes: { small: { cpu: 100m, memory: 128Mi } }
servers: { zonal: 2 }
passwords: [admin]
endpoint: { port: 8080 }
monitoring: { port: 9090 }
probe: { path: /healthz }
exposure: { port: 8080, healthPath: /healthz }
objects:
  - { apiVersion: v1, kind: ConfigMap, metadata: { name: "${name}-x" }, data: { servers: "${servers} of ${name}" } }
"""


@pytest.fixture
def maker(tmp_path):
    return Maker(tmp_path)


def built(maker, options, *, monitored_by="", backups=None, cluster=EXISTING):
    service = options["service"]
    wanted = maker.parse({"web": options}, **{"paasport:cluster": cluster})
    entry = catalogue.including(wanted.catalogue, operators=operators.including(wanted.catalogue))[service]
    args = contracts.ServiceArgs(
        name="web",
        options=wanted.services["web"],
        storage=STORAGE,
        load_balancer=contracts.LoadBalancerFacts(internal=contracts.Exposure(annotations={"lb": "internal"})),
        passwords={name: f"secret-{name}" for name in entry.passwords},
        backups=backups,
        monitored_by=monitored_by,
    )
    return entry.build(args)


def one(objects, kind, name):
    found = [*objects.shared, *objects.secrets, *objects.custom_resources, *objects.witnesses]
    (item,) = [each for each in found if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return item


def test_a_resource_is_filled_in_and_waited_for(maker):
    (shop,) = built(maker, {"service": "shop"}).custom_resources
    labels = {
        "app.kubernetes.io/name": "shop",
        "app.kubernetes.io/instance": "web",
        "app.kubernetes.io/part-of": "paasport",
    }
    assert shop == {
        "apiVersion": "acme.example/v1",
        "kind": "Shop",
        "metadata": {
            "name": "web",
            "namespace": "web",
            "labels": labels,
            "annotations": {"pulumi.com/waitFor": '["condition=Ready"]', "pulumi.com/timeoutSeconds": "300"},
        },
        "spec": {
            "replicas": 1,
            "adminSecret": "web-admin",
            "storage": {"class": "paasport-ssd-retain", "size": "5Gi"},
        },
    }


def test_every_instance_is_closed_and_restricted(maker):
    objects = built(maker, {"service": "shop"})
    namespace, deny, policy, *more = objects.shared
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert (deny["metadata"]["name"], deny["spec"]["podSelector"]) == ("default-deny", {})
    assert policy["spec"] == {
        "podSelector": {"matchLabels": {"app": "web"}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {
                "from": [{"namespaceSelector": {"matchLabels": {"client-of.paasport.dev/web": "true"}}}],
                "ports": [{"protocol": "TCP", "port": 8080}],
            }
        ],
        "egress": [{"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}],
    }
    assert more == []


def test_what_a_declaration_opens_is_open_to_those_alone(maker):
    maker.change(
        "endpoint:", "network: { between: [7000], fromOperator: [7001], egress: [443], apiServer: true }\nendpoint:"
    )
    policy = one(built(maker, {"service": "shop"}), "NetworkPolicy", "shop")
    own = {"podSelector": {"matchLabels": {"app": "web"}}}
    operator = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop-operator"}}}
    assert policy["spec"]["ingress"][1:] == [
        {"from": [own], "ports": [{"protocol": "TCP", "port": 7000}]},
        {"from": [operator], "ports": [{"protocol": "TCP", "port": 7001}]},
    ]
    assert policy["spec"]["egress"][1:3] == [
        {"to": [own], "ports": [{"protocol": "TCP", "port": 7000}]},
        {"ports": [{"protocol": "TCP", "port": 443}]},
    ]


def test_a_password_is_in_a_secret_and_in_the_connection_and_nowhere_else(maker):
    objects = built(maker, {"service": "shop"})
    (secret,) = objects.secrets
    assert (secret["metadata"]["name"], secret["data"]) == ("web-admin", {"password": "c2VjcmV0LWFkbWlu"})
    assert objects.connection == {
        "type": "shop",
        "host": "web.web.svc",
        "port": "8080",
        "username": "admin",
        "password": "secret-admin",
    }
    assert "secret-admin" not in str((objects.shared, objects.custom_resources, objects.witnesses))


def test_servers_in_several_zones_are_spread_and_leave_one_at_a_time(maker):
    maker.change("replicas: ${servers}", "replicas: ${servers}\n    topologySpreadConstraints: ${spread}")
    objects = built(maker, {"service": "shop", "availability": "zonal"})
    (shop,) = objects.custom_resources
    assert shop["spec"]["replicas"] == 2
    zone, host = shop["spec"]["topologySpreadConstraints"]
    assert (zone["topologyKey"], zone["whenUnsatisfiable"]) == ("topology.kubernetes.io/zone", "DoNotSchedule")
    assert zone["labelSelector"] == host["labelSelector"] == {"matchLabels": {"app": "web"}}
    budget = one(objects, "PodDisruptionBudget", "web")
    assert budget["spec"] == {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}}


def test_a_single_server_has_neither_a_spread_nor_a_budget_that_would_block_its_node(maker):
    maker.change("replicas: ${servers}", "replicas: ${servers}\n    topologySpreadConstraints: ${spread}")
    objects = built(maker, {"service": "shop"})
    assert "topologySpreadConstraints" not in objects.custom_resources[0]["spec"]
    assert [item for item in objects.shared if item["kind"] == "PodDisruptionBudget"] == []


def test_tls_is_an_authority_of_its_own_and_a_certificate_for_the_service(maker):
    maker.change("endpoint: { port: 8080 }", "tls: { names: ['*.${name}'] }\nendpoint: { port: 8080, scheme: https }")
    objects = built(maker, {"service": "shop"})
    certificate = one(objects, "Certificate", "web-tls")
    assert certificate["spec"]["dnsNames"] == ["web.web.svc", "web.web.svc.cluster.local", "localhost", "*.web"]
    assert certificate["spec"]["issuerRef"]["name"] == "web-ca"
    assert objects.endpoint.url == "https://web.web.svc:8080"


def test_an_operators_instance_is_asked_by_a_job_whose_name_changes_with_the_question(maker):
    maker.change("endpoint:", "probe: { path: /healthz }\nendpoint:")
    objects = built(maker, {"service": "shop"})
    policy, job = objects.witnesses
    command = job["spec"]["template"]["spec"]["containers"][0]["command"]
    assert (command[0], command[-1]) == ("curl", "http://web.web.svc:8080/healthz")
    pods = {"app.kubernetes.io/name": "probe", "app.kubernetes.io/instance": "web"}
    assert policy["spec"]["podSelector"] == {"matchLabels": pods}
    rules = one(objects, "NetworkPolicy", "shop")["spec"]["ingress"]
    assert {"from": [{"podSelector": {"matchLabels": pods}}], "ports": [{"protocol": "TCP", "port": 8080}]} in rules
    maker.change("/healthz", "/ready")
    assert built(maker, {"service": "shop"}).witnesses[1]["metadata"]["name"] != job["metadata"]["name"]


def test_a_plain_deployment_is_as_restricted_as_its_namespace_asks_for(maker):
    maker.alone("services/chat.yaml", CHAT)
    objects = built(maker, {"service": "chat", "availability": "zonal"})
    assert objects.custom_resources == ()
    (deployment,) = objects.witnesses
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert deployment["spec"]["replicas"] == 2
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert pod["automountServiceAccountToken"] is False
    assert [each["topologyKey"] for each in pod["topologySpreadConstraints"]] == [
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    ]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"] == {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "128Mi"}}
    assert container["readinessProbe"]["httpGet"] == {"path": "/healthz", "port": "client", "scheme": "HTTP"}
    assert container["volumeMounts"] == [{"name": "scratch-0", "mountPath": "/tmp"}]
    assert one(objects, "Service", "web")["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"]


def test_its_environment_has_no_password_and_leaves_out_what_nobody_has_set(maker):
    maker.alone("services/chat.yaml", CHAT)
    objects = built(maker, {"service": "chat", "title": "Ours"})
    container = objects.witnesses[0]["spec"]["template"]["spec"]["containers"][0]
    assert container["args"] == ["--title=Ours"]
    assert container["env"] == [
        {"name": "LEVEL", "value": "3"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "web-environment", "key": "TOKEN"}}},
    ]
    assert one(objects, "Secret", "web-environment")["data"] == {"TOKEN": "dC1zZWNyZXQtYWRtaW4="}
    assert one(objects, "ConfigMap", "web-x")["data"] == {"servers": "1 of web"}


def test_a_prometheus_watches_it_and_is_let_in(maker):
    maker.alone("services/chat.yaml", CHAT)
    objects = built(maker, {"service": "chat"}, monitored_by="metrics")
    monitor = one(objects, "PodMonitor", "web")
    assert monitor["spec"]["podMetricsEndpoints"] == [{"port": "metrics", "path": "/metrics"}]
    (alert,) = one(objects, "PrometheusRule", "web")["spec"]["groups"][0]["rules"]
    assert (alert["alert"], alert["expr"]) == ("ChatServerDown", '(sum(up{job="web/web"}) or vector(0)) < 1')
    rules = one(objects, "NetworkPolicy", "chat")["spec"]["ingress"]
    assert {"protocol": "TCP", "port": 9090} in [port for rule in rules for port in rule["ports"]]


def test_a_load_balancer_is_asked_for_in_the_words_of_the_cluster(maker):
    maker.alone("services/chat.yaml", CHAT)
    objects = built(maker, {"service": "chat", "exposure": {"sourceRanges": ["10.0.0.0/8"]}})
    service = one(objects, "Service", "web-exposed")
    assert service["metadata"]["annotations"] == {
        "lb": "internal",
        "service.beta.kubernetes.io/load-balancer-source-ranges": "10.0.0.0/8",
    }
    assert (service["spec"]["type"], service["spec"]["ports"][0]["port"]) == ("LoadBalancer", 8080)
    assert [
        item for item in built(maker, {"service": "chat"}).shared if item["metadata"]["name"] == "web-exposed"
    ] == []


def test_a_dump_is_made_with_its_password_from_a_secret(maker, run):
    maker.change(
        "endpoint:",
        "backup:\n"
        "  image: registry.acme.example/shop:2.1.0\n"
        "  script: shopctl dump ${host} > ${backup.folder}/shop.dump; echo $${HOME}\n"
        "  env: { PASSWORD: '${password.admin}' }\n"
        "endpoint:",
    )
    store = contracts.ObjectStore(protocol="s3", bucket=BUCKET, url=BUCKET, root=BUCKET, region="r")
    target = contracts.BackupTarget(store=store, binding=contracts.Binding())

    def made():
        objects = built(maker, {"service": "shop", "backups": {}}, backups=target, cluster=MANAGED)
        return one(objects, "CronJob", "backup"), one(objects, "Secret", "web-backup-environment")

    job, secret = run(made).result
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (dump,) = pod["initContainers"]
    assert dump["command"] == ["/bin/sh", "-ceu", "shopctl dump web.web.svc > /backup/shop.dump; echo ${HOME}"]
    assert dump["env"] == [
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "web-backup-environment", "key": "PASSWORD"}}}
    ]
    claim = pod["volumes"][0]["ephemeral"]["volumeClaimTemplate"]["spec"]
    assert claim["resources"]["requests"]["storage"] == "5Gi"
    assert secret["data"] == {"PASSWORD": "c2VjcmV0LWFkbWlu"}


def test_an_operator_that_lives_elsewhere_is_let_in_from_there(maker):
    maker.change("endpoint:", "network: { fromOperator: [7001] }\nendpoint:")
    wanted = maker.parse({"web": {"service": "shop"}}, **{"paasport:cluster": EXISTING})
    entry = catalogue.including(wanted.catalogue, operators=operators.including(wanted.catalogue))["shop"]
    args = contracts.ServiceArgs(
        name="web",
        options=wanted.services["web"],
        storage=STORAGE,
        load_balancer=contracts.LoadBalancerFacts(),
        passwords={"admin": "x"},
        homes={"shop-operator": "acme-system"},
    )
    rule = one(entry.build(args), "NetworkPolicy", "shop")["spec"]["ingress"][1]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "acme-system"}}}]


def test_what_its_operator_cannot_change_and_what_is_lost_with_it_is_known_of_its_kind(maker):
    maker.change(
        "  ready: [condition=Ready]\n",
        "  ready: [condition=Ready]\n"
        "  loses: orders\n"
        "  changes:\n"
        "    volumes: { .spec.storage.size: by-hand }\n"
        "    counts: { .spec.replicas: servers }\n"
        "    fixed: { .spec.storage.class: a second volume }\n"
        "    version: .spec.version\n",
    )
    wanted = maker.parse({"web": {"service": "shop"}})
    (kind,) = operators.including(wanted.catalogue)["shop-operator"].kinds
    assert kind.loses == "orders"
    spec = {"replicas": 3, "version": "2.1.0", "storage": {"class": "a", "size": "5Gi"}}
    changed = {"replicas": 2, "version": "2.3.0", "storage": {"class": "b", "size": "1Gi"}}
    verdict = lifecycle.judged(kind.rules, instance="web", before={"spec": spec}, after={"spec": changed})
    assert len(verdict.problems) == 4
    grown = {**spec, "version": "2.2.0", "storage": {"class": "a", "size": "9Gi"}}
    verdict = lifecycle.judged(kind.rules, instance="web", before={"spec": spec}, after={"spec": grown})
    assert (verdict.problems, len(verdict.notes)) == ((), 1)


def test_a_failure_that_is_declared_ends_a_wait(maker):
    failed = (
        '[{ when: "jsonpath={.status.phase}=Failed", message: .status.reason }, { when: condition=Lost, patience: 0 }]'
    )
    maker.change("  ready: [condition=Ready]\n", f"  ready: [condition=Ready]\n  failed: {failed}\n")
    shop = one(built(maker, {"service": "shop"}), "Shop", "web")
    assert json.loads(shop["metadata"]["annotations"]["paasport.dev/failed-when"]) == [
        {"when": "jsonpath={.status.phase}=Failed", "message": ".status.reason", "patience": 30},
        {"when": "condition=Lost"},
    ]


def test_a_failure_that_nobody_could_read_is_told(maker):
    maker.change(
        "  ready: [condition=Ready]\n", "  ready: [condition=Ready]\n  failed: [{ when: soon, message: why }]\n"
    )
    told = "\n".join(maker.told({"web": {"service": "shop"}}))
    assert "resource.failed" in told
    assert "a path in the status, such as .status.message" in told
