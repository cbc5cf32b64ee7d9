import pydantic
import pytest

from stacks import settings

EXISTING = {
    "vendor": "existing",
    "name": "shared",
    "kubeconfig": {"path": "~/.kube/config"},
    "storage": {"provisioner": "ebs.csi.aws.com"},
}


def parse(cluster, services=None):
    return settings.parse({"paasport:cluster": cluster, "paasport:services": services or {}})


def test_a_local_cluster_needs_only_its_vendor():
    wanted = parse({"vendor": "local"})
    assert wanted.cluster == settings.LocalCluster(
        vendor="local",
        name=None,
        nodes=settings.LocalNodes(count=3, zones=("zone-a", "zone-b", "zone-c"), cpu="16", memory="64Gi", pods=110),
    )


def test_a_service_needs_only_its_kind():
    wanted = parse({"vendor": "local"}, {"metrics": {"service": "prometheus"}})
    metrics = wanted.services["metrics"]
    assert (metrics.size, metrics.availability) == ("small", "single")
    assert metrics.overrides.model_dump(exclude_none=True) == {}


def test_services_may_be_left_out():
    assert settings.parse({"paasport:cluster": {"vendor": "local"}}).services == {}


def test_keys_are_camel_case():
    wanted = parse(
        {**EXISTING, "loadBalancer": {"loadBalancerClass": "service.k8s.aws/nlb", "annotations": {"a/b": "c"}}}
    )
    assert wanted.cluster.load_balancer == settings.ExistingLoadBalancer(
        load_balancer_class="service.k8s.aws/nlb", annotations={"a/b": "c"}
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"path": "/k", "context": "c"}, settings.KubeconfigFile(path="/k", context="c")),
        ({"value": "v"}, settings.KubeconfigValue(value=pydantic.SecretStr("v"))),
        ({"stack": "o/p/s"}, settings.KubeconfigOutput(stack="o/p/s", output="kubeconfig", context="")),
    ],
)
def test_a_kubeconfig_comes_from_one_of_three_sources(given, expected):
    assert parse({**EXISTING, "kubeconfig": given}).cluster.kubeconfig == expected


@pytest.mark.parametrize(("given", "expected"), [(8, "8"), (1.5, "1.5"), ("500m", "500m")])
def test_a_quantity_may_be_written_as_a_number(given, expected):
    assert parse({"vendor": "local", "nodes": {"cpu": given}}).cluster.nodes.cpu == expected


def test_a_program_gets_the_same_settings_from_pulumi():
    cluster, services = {"vendor": "local", "nodes": {"count": 5}}, {"metrics": {"service": "prometheus"}}
    assert settings.from_pulumi(cluster, services) == parse(cluster, services)
    assert settings.from_pulumi(cluster, None) == parse(cluster)


def test_other_namespaces_are_not_looked_at():
    wanted = settings.parse({"paasport:cluster": {"vendor": "local"}, "aws:region": ["anything"]})
    assert wanted.cluster.vendor == "local"


def test_settings_never_change():
    wanted = parse({"vendor": "local"})
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        wanted.cluster.nodes.count = 4


def test_settings_hide_a_kubeconfig():
    assert "s3cret" not in repr(parse({**EXISTING, "kubeconfig": {"value": "s3cret"}}))
