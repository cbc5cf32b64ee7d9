import pytest

from stacks import errors, settings
from stacks.services import catalogue

EXISTING = {
    "vendor": "existing",
    "name": "shared",
    "kubeconfig": {"path": "~/.kube/config"},
    "storage": {"provisioner": "ebs.csi.aws.com"},
}
PROMETHEUS = {"service": "prometheus"}
SERVICES = ", ".join(f"`{name}`" for name in sorted(catalogue.SERVICES))


def problems(cluster, services=None, **others):
    config = {"paasport:cluster": cluster, "paasport:services": {} if services is None else services, **others}
    with pytest.raises(errors.StackFileError) as caught:
        settings.parse(config)
    return [(problem.what, problem.next) for problem in caught.value.problems]


def local(**keys):
    return {"vendor": "local", **keys}


@pytest.mark.parametrize(
    ("cluster", "what", "advice"),
    [
        pytest.param(
            {"vendor": "locale"},
            "`paasport:cluster.vendor` must be one of `aks`, `eks`, `existing`, `gke`, `local`, not the text `locale`",
            "write `local`",
            id="unknown vendor",
        ),
        pytest.param(
            {"nodes": {}},
            "`paasport:cluster.vendor` is missing",
            "write one of `aks`, `eks`, `existing`, `gke`, `local`",
            id="no vendor",
        ),
        pytest.param(
            {"vendor": ["local"]},
            "`paasport:cluster.vendor` must be one of `aks`, `eks`, `existing`, `gke`, `local`, not a list",
            "write one of `aks`, `eks`, `existing`, `gke`, `local`",
            id="vendor is a list",
        ),
        pytest.param(
            None,
            "`paasport:cluster` must be a mapping, not nothing",
            "write it as keys and values, first `vendor`",
            id="empty cluster",
        ),
        pytest.param(local(node={}), "unknown key `paasport:cluster.node`", "write `nodes`", id="unknown key"),
        pytest.param(
            local(nodes={"xyz": 1}),
            "unknown key `paasport:cluster.nodes.xyz`",
            "write one of `count`, `zones`, `cpu`, `memory`, `pods`",
            id="unknown key far from all",
        ),
        pytest.param(
            {**EXISTING, "load_balancer": {}},
            "unknown key `paasport:cluster.load_balancer`",
            "write `loadBalancer`",
            id="snake case",
        ),
        pytest.param(
            local(nodes=3),
            "`paasport:cluster.nodes` must be a mapping, not the number `3`",
            "write its keys below it, indented, or leave it out where it is not required",
            id="number for mapping",
        ),
        pytest.param(
            local(nodes={"count": "three"}),
            "`paasport:cluster.nodes.count` must be a whole number, not the text `three`",
            "write digits alone, without quotes",
            id="text for number",
        ),
        pytest.param(
            local(nodes={"count": True}),
            "`paasport:cluster.nodes.count` must be a whole number, not the truth value `true`",
            "write digits alone, without quotes",
            id="truth value for number",
        ),
        pytest.param(
            local(nodes={"count": 501}),
            "`paasport:cluster.nodes.count` must be at most 500, not the number `501`",
            "write 500 or less",
            id="number too large",
        ),
        pytest.param(
            local(nodes={"pods": 0}),
            "`paasport:cluster.nodes.pods` must be at least 1, not the number `0`",
            "write 1 or more",
            id="number too small",
        ),
        pytest.param(
            local(nodes={"zones": "a"}),
            "`paasport:cluster.nodes.zones` must be a list, not the text `a`",
            "write `[a, b]`, or each item in a line of its own after `- `",
            id="text for list",
        ),
        pytest.param(
            local(nodes={"zones": []}),
            "`paasport:cluster.nodes.zones` must not be empty",
            "add one, or leave the key out where it is not required",
            id="empty list",
        ),
        pytest.param(
            local(nodes={"zones": ["B"]}),
            "`paasport:cluster.nodes.zones[0]` must be a DNS label: lower-case letters, digits and hyphens, "
            "with a letter or digit at both ends; it is the text `B`",
            "write for example `shop`",
            id="a list without a right item is not empty",
        ),
        pytest.param(
            local(nodes={"zones": ["a", "B"]}),
            "`paasport:cluster.nodes.zones[1]` must be a DNS label: lower-case letters, digits and hyphens, "
            "with a letter or digit at both ends; it is the text `B`",
            "write for example `shop`",
            id="no DNS label in a list",
        ),
        pytest.param(
            local(name="a" * 51),
            "`paasport:cluster.name` must have at most 50 characters",
            "shorten it",
            id="name too long",
        ),
        pytest.param(
            {**EXISTING, "name": "a" * 64},
            "`paasport:cluster.name` must have at most 63 characters",
            "shorten it",
            id="name of an existing cluster too long",
        ),
        pytest.param(
            local(nodes={"memory": "64 GB"}),
            "`paasport:cluster.nodes.memory` must be a Kubernetes quantity, such as 500m, 16 or 64Gi; "
            "it is the text `64 GB`",
            "write for example `500m` or `16Gi`",
            id="no quantity",
        ),
        pytest.param(
            local(nodes={"cpu": 0}),
            "`paasport:cluster.nodes.cpu` must be more than zero",
            "write more, or leave the key out where it is not required",
            id="quantity of zero",
        ),
        pytest.param(
            {key: value for key, value in EXISTING.items() if key != "storage"},
            "`paasport:cluster.storage` is missing",
            "add the key `storage`",
            id="missing key",
        ),
        pytest.param(
            {**EXISTING, "storage": {"provisioner": "EBS driver"}},
            "`paasport:cluster.storage.provisioner` must be the name of a CSI driver, such as ebs.csi.aws.com; "
            "it is the text `EBS driver`",
            "write for example `ebs.csi.aws.com`",
            id="no provisioner",
        ),
        pytest.param(
            {**EXISTING, "storage": {"provisioner": "a.b", "parameters": {"encrypted": True}}},
            "`paasport:cluster.storage.parameters.encrypted` must be a text, not the truth value `true`",
            "put the value in quotes",
            id="truth value for text",
        ),
        pytest.param(
            {**EXISTING, "loadBalancer": {"annotations": {"a.b/c": 1}}},
            '`paasport:cluster.loadBalancer.annotations["a.b/c"]` must be a text, not the number `1`',
            "put the value in quotes",
            id="number for text below a key that needs quotes",
        ),
        pytest.param(
            {**EXISTING, "kubeconfig": {"path": "/k", "value": "v"}},
            "`paasport:cluster.kubeconfig` needs exactly one of `path`, `value` and `stack`",
            "say where the kubeconfig comes from with one of them, for example `path: ~/.kube/config`",
            id="two sources of a kubeconfig",
        ),
        pytest.param(
            {**EXISTING, "kubeconfig": {}},
            "`paasport:cluster.kubeconfig` needs exactly one of `path`, `value` and `stack`",
            "say where the kubeconfig comes from with one of them, for example `path: ~/.kube/config`",
            id="no source of a kubeconfig",
        ),
        pytest.param(
            {**EXISTING, "kubeconfig": {"path": ""}},
            "`paasport:cluster.kubeconfig.path` must not be empty",
            "fill it in, or leave the key out where it is not required",
            id="empty path",
        ),
        pytest.param(
            {**EXISTING, "kubeconfig": {"path": "/k", "contxt": "c"}},
            "unknown key `paasport:cluster.kubeconfig.contxt`",
            "write `context`",
            id="unknown key beside a path",
        ),
        pytest.param(
            {**EXISTING, "kubeconfig": {"stack": "a/b"}},
            "`paasport:cluster.kubeconfig.stack` must be a stack's name, or organization/project/stack; it is a text",
            "write for example `eks-prod`",
            id="no stack's name, and nothing of a kubeconfig is repeated",
        ),
    ],
)
def test_a_wrong_cluster_is_explained(cluster, what, advice):
    assert problems(cluster) == [(what, advice)]


@pytest.mark.parametrize(
    ("services", "what", "advice"),
    [
        pytest.param(
            {"metrics": {"service": "promethues"}},
            f"`paasport:services.metrics.service` must be one of {SERVICES}, not the text `promethues`",
            "write `prometheus`",
            id="unknown service",
        ),
        pytest.param(
            {"metrics": {**PROMETHEUS, "size": "smal"}},
            "`paasport:services.metrics.size` must be one of `small`, `medium`, `large`, not the text `smal`",
            "write `small`",
            id="unknown size",
        ),
        pytest.param(
            {"metrics": {**PROMETHEUS, "availability": "regional"}},
            "`paasport:services.metrics.availability` must be one of `single`, `zonal`, not the text `regional`",
            "write `zonal`",
            id="unknown availability",
        ),
        pytest.param(
            {"metrics": {**PROMETHEUS, "overrides": {"retention": "15 days"}}},
            "`paasport:services.metrics.overrides.retention` must be a duration with its units from large to small, "
            "such as 15d or 1d12h; it is the text `15 days`",
            "write for example `15d`",
            id="no duration",
        ),
        pytest.param(
            {"metrics": {**PROMETHEUS, "overrides": {"retention": "5"}}},
            "`paasport:services.metrics.overrides.retention` must have at least 2 characters",
            "fill it in, or leave the key out where it is not required",
            id="a duration without its unit",
        ),
        pytest.param(
            {"metrics": {**PROMETHEUS, "overrides": {"version": "v3.5"}}},
            "`paasport:services.metrics.overrides.version` must be a version of three numbers, such as 3.5.0; "
            "it is the text `v3.5`",
            "write for example `3.5.0`",
            id="no version",
        ),
        pytest.param(
            {"metrics": "prometheus"},
            "`paasport:services.metrics` must be a mapping, not a text",
            "write it as keys and values, first `service`",
            id="text for a service",
        ),
        pytest.param(
            ["prometheus"],
            "`paasport:services` must map names to services, not be a list",
            "for no service at all, write `paasport:services: {}`",
            id="list of services",
        ),
        pytest.param(
            {"Metrics_1": PROMETHEUS},
            'the service name "Metrics_1" must be a DNS label: lower-case letters, digits and hyphens, '
            "first a letter, last no hyphen",
            "write `metrics-1`",
            id="name is no DNS label",
        ),
        pytest.param(
            {"a" * 31: PROMETHEUS},
            f'the service name "{"a" * 31}" has 31 characters; 30 are the most',
            "give it a shorter name",
            id="name too long",
        ),
    ],
)
def test_a_wrong_service_is_explained(services, what, advice):
    assert problems(local(), services) == [(what, advice)]


@pytest.mark.parametrize(("cloud", "vendor"), [("aws", "eks"), ("GCP", "gke"), ("google", "gke"), ("azure", "aks")])
def test_a_cloud_that_is_named_for_its_kubernetes_is_understood(cloud, vendor):
    found = problems({"vendor": cloud})
    assert (f"`paasport:cluster.{vendor}` is missing", f"add the key `{vendor}`") in found
    assert [advice for what, advice in found if "cluster.vendor`" in what] == [f"write `{vendor}`"]


def test_text_that_is_no_unicode_is_explained():
    assert problems(local(name="\ud800")) == [
        ("`paasport:cluster.name` is not valid", "write it anew: stacks/schema.json has what may stand there")
    ]


def test_a_missing_cluster_is_explained():
    with pytest.raises(errors.StackFileError, match="`paasport:cluster` is missing"):
        settings.parse({})


def test_an_unknown_configuration_key_of_ours_is_explained():
    assert problems(local(), **{"paasport:service": {}}) == [
        ("unknown key `paasport:service`", "write `paasport:services`")
    ]


@pytest.mark.parametrize("namespace", ["passport", "paaport", "paasports", "Paasport"])
def test_a_misspelled_namespace_is_not_taken_for_somebody_elses(namespace):
    assert problems(local(), **{f"{namespace}:services": {}}) == [
        (f"unknown key `{namespace}:services`", "write `paasport:services`")
    ]


@pytest.mark.parametrize("namespace", ["aws", "azure-native", "paas", "support", "transport"])
def test_other_namespaces_are_not_looked_at(namespace):
    wanted = settings.parse({"paasport:cluster": local(), f"{namespace}:services": {}})
    assert wanted.services == {}


def test_the_meaning_of_a_wrong_key_is_told():
    with pytest.raises(errors.StackFileError) as caught:
        settings.parse({"paasport:cluster": local(nodes={"pods": "many"})})
    assert caught.value.problems[0].why == "How many pods one node takes. Default 110, the kubelet's own"


def test_all_problems_are_told_at_once_and_in_a_stable_order():
    found = problems(local(nodes={"count": 0, "cpu": "x"}), {"kube-x": {**PROMETHEUS, "size": "huge"}})
    assert [what.split("`")[1] if "`" in what else what for what, _ in found] == [
        "paasport:cluster.nodes.count",
        "paasport:cluster.nodes.cpu",
        'the service name "kube-x" is taken: a namespace of that name belongs to somebody else',
        "paasport:services.kube-x.size",
    ]


@pytest.mark.parametrize("long", ["x" * 41, "two\nlines", "bell\x07"])
def test_long_and_unprintable_texts_are_described_and_not_repeated(long):
    [(what, _)] = problems(local(), {"metrics": {**PROMETHEUS, "size": long}})
    assert what.endswith("not a text")


def test_the_reason_why_a_local_clusters_name_is_short_is_told():
    with pytest.raises(errors.StackFileError, match="At most 50 characters, because it becomes a host name"):
        settings.parse({"paasport:cluster": local(name="a" * 60)})


def test_names_of_the_greatest_length_are_accepted():
    assert settings.parse({"paasport:cluster": local(name="a" * 50)}).cluster.name == "a" * 50
    assert settings.parse({"paasport:cluster": {**EXISTING, "name": "a" * 63}}).cluster.name == "a" * 63
