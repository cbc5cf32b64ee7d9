import datetime as dt
import subprocess
import sys

import pytest
import yaml

from stacks import errors, files

from . import conftest, samples

TODAY = dt.date(2026, 11, 22)

LOCAL = """\
    config:
      paasport:cluster: {vendor: local}
"""


def nothing():
    raise AssertionError("the passphrase was asked for without need")


def problems(project, text, *, stack="dev"):
    project.write(text, stack=stack)
    with pytest.raises(errors.StackFileError) as caught:
        files.read(project.root, stack, passphrase=nothing)
    assert files.check(project.root, stack, today=TODAY) == caught.value.problems
    return [(problem.place, problem.what) for problem in caught.value.problems]


@pytest.mark.parametrize("stack", files.names(conftest.ROOT))
def test_every_stack_file_of_the_project_is_valid(stack):
    found = files.read(conftest.ROOT, stack, passphrase=nothing)
    assert found.settings.services["metrics"].service == "prometheus"
    assert files.check(conftest.ROOT, stack, today=TODAY) == ()


def test_the_project_has_a_stack_for_this_machine_and_one_for_anybodys_cluster():
    vendors = {
        stack: files.read(conftest.ROOT, stack, passphrase=nothing).settings.cluster.vendor
        for stack in ("local-dev", "existing-dev")
    }
    assert vendors == {"local-dev": "local", "existing-dev": "existing"}


def test_stacks_are_listed_by_name(project):
    for stack in ("b", "a-prod", "acme.eu"):
        project.write(LOCAL, stack=stack)
    project.write(LOCAL, stack="x").rename(project.root / "Pulumi.elsewhere.yaml")
    assert files.names(project.root) == ["a-prod", "acme.eu", "b"]


def test_keys_get_their_namespace(project):
    project.write("""\
        config:
          cluster: {vendor: local}
          aws:config:region: eu-west-1
          gcp:project: "007"
    """)
    found = files.read(project.root, "dev", passphrase=nothing)
    assert dict(found.config) == {
        "paasport:cluster": {"vendor": "local"},
        "paasport:services": {},
        "paasport:catalogue": "",
        "aws:region": "eu-west-1",
        "gcp:project": "007",
    }


def test_a_program_receives_texts(project):
    project.write("""\
        config:
          paasport:cluster: {vendor: local, nodes: {count: 2}}
          a:text: "é"
          a:true: true
          a:number: 5
          a:fraction: 2.5
          a:list: [1, yes, null]
          a:nothing:
    """)
    assert files.read(project.root, "dev", passphrase=nothing).program_config() == {
        "paasport:cluster": '{"nodes":{"count":2},"vendor":"local"}',
        "paasport:services": "{}",
        "paasport:catalogue": "",
        "a:text": "é",
        "a:true": "true",
        "a:number": "5",
        "a:fraction": "2.5",
        "a:list": '[1,"yes",null]',
        "a:nothing": "",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [("stacks/Pulumi.dev.yaml", "`paasport:cluster` is missing")], id="empty file"),
        pytest.param("- a", [("stacks/Pulumi.dev.yaml", "a stack file must be a mapping")], id="list"),
        pytest.param("config: 3", [("stacks/Pulumi.dev.yaml:1:1", "`config` must be a mapping")], id="no config"),
        pytest.param(
            f"confg: {{}}\n{conftest.textwrap.dedent(LOCAL)}",
            [("stacks/Pulumi.dev.yaml:1:1", "unknown key `confg`")],
            id="unknown outer key",
        ),
        pytest.param(
            f"{conftest.textwrap.dedent(LOCAL)}  a:b:c: 1",
            [("stacks/Pulumi.dev.yaml:3:3", "`a:b:c` is no configuration key")],
            id="no configuration key",
        ),
        pytest.param(
            f"{conftest.textwrap.dedent(LOCAL)}  cluster: {{}}",
            [("stacks/Pulumi.dev.yaml:2:3", "`paasport:cluster` and `cluster` are the same configuration key")],
            id="same configuration key twice",
        ),
        pytest.param(
            "config: {paasport:cluster: {vendor: oke}}",
            [
                (
                    "stacks/Pulumi.dev.yaml:1:29",
                    "`paasport:cluster.vendor` must be one of `aks`, `eks`, `existing`, `gke`, `local`, not the text `oke`",
                )
            ],
            id="unknown vendor",
        ),
    ],
)
def test_a_wrong_file_is_told_with_its_places(project, text, expected):
    found = problems(project, text)
    assert found[: len(expected)] == expected


def test_two_errors_are_told_at_once_with_their_lines(project):
    assert problems(
        project,
        """\
        config:
          paasport:cluster:
            vendor: local
            nodes:
              cout: 3
          paasport:services:
            metrics:
              service: prometheus
              size: smal
        """,
    ) == [
        ("stacks/Pulumi.dev.yaml:5:7", "unknown key `paasport:cluster.nodes.cout`"),
        (
            "stacks/Pulumi.dev.yaml:9:7",
            "`paasport:services.metrics.size` must be one of `small`, `medium`, `large`, not the text `smal`",
        ),
    ]


def test_broken_yaml_is_told_with_line_and_column(project):
    assert (
        problems(project, "config:\n  paasport:cluster: {vendor: local\n  a: b\n")[0][0] == "stacks/Pulumi.dev.yaml:3:4"
    )


def test_a_local_control_plane_needs_a_name_that_it_can_have(project):
    assert problems(project, LOCAL, stack="My_Laptop") == [
        ("stacks/Pulumi.My_Laptop.yaml:2:3", "the local control plane cannot have the stack's name `My_Laptop`")
    ]
    assert problems(project, LOCAL, stack="a" * 51) == [
        (f"stacks/Pulumi.{'a' * 51}.yaml:2:3", f"the local control plane cannot have the stack's name `{'a' * 51}`")
    ]
    project.write(LOCAL, stack="a" * 50)
    assert files.check(project.root, "a" * 50) == ()
    project.write("config: {cluster: {vendor: local, name: my-laptop}}", stack="My_Laptop")
    assert files.check(project.root, "My_Laptop") == ()


@pytest.mark.parametrize(
    ("stack", "name"),
    [("Shop_EKS", "shop-eks"), ("3-shops", "shops"), ("a" * 32, "a" * 31), ("eu." + "b" * 40, "eu-" + "b" * 28)],
)
def test_a_managed_cluster_needs_a_name_that_every_vendor_takes(project, stack, name):
    text = yaml.safe_dump({"config": {"paasport:cluster": samples.EKS}})
    project.write(text, stack=stack)
    [problem] = files.check(project.root, stack, today=TODAY)
    assert problem.what == f"the cluster cannot have the stack's name `{stack}`"
    assert problem.why == (
        "it must be a DNS label: lower-case letters, digits and hyphens, first a letter, last no hyphen, "
        "of at most 31 characters"
    )
    assert problem.next == f"add `name: {name}` to `paasport:cluster`, or rename the stack's file"
    named = samples.having(samples.EKS, name=name)
    project.write(yaml.safe_dump({"config": {"paasport:cluster": named}}), stack=stack)
    assert files.check(project.root, stack, today=TODAY) == ()


def test_everything_that_is_wrong_with_a_managed_cluster_is_told_at_once_with_its_lines(project):
    assert problems(
        project,
        """\
        config:
          paasport:cluster:
            vendor: eks
            tier: prod
            region: europe-west3
            kubernetes: {minor: "1.30"}
            network: {cidr: 10.0.0.0/8, services: 172.20.0.1/16}
            access:
              deployer: arn:aws:iam::111122223333:user/ci
              cidrs: [203.0.113.0/24]
            pools:
              general: {shape: {cpu: 5, memory: 7Gi}, min: 4, max: 3}
            protection: "off"
            tags: {cluster: mine}
            eks: {account: "111122223333"}
            gke: {project: acme-dev}
          paasport:services:
            metrics: {service: prometheus, availability: zonal, overrides: {replicas: 1}}
        """,
    ) == [
        (f"stacks/Pulumi.dev.yaml:{place}", f"`paasport:{what}")
        for place, what in [
            ("5:5", "cluster.region` (`europe-west3`) is a region of gke, and not of eks"),
            (
                "6:18",
                (
                    "cluster.kubernetes.minor` (`1.30`) is not known to be offered by eks; "
                    "it has `1.32`, `1.33`, `1.34`, `1.35`, `1.36`"
                ),
            ),
            ("7:15", "cluster.network.cidr` (`10.0.0.0/8`) must be /16 to /24"),
            ("7:33", "cluster.network.services` (`172.20.0.1/16`) is an address inside a network"),
            ("8:5", "cluster.access.wayIn` is missing, and the API is private by the tier `prod`"),
            ("9:7", "cluster.access.deployer` (`arn:aws:iam::111122223333:user/ci`) is no ARN of an IAM role"),
            ("10:7", "cluster.access.cidrs` has no effect: the API is `private`"),
            ("11:5", "cluster.pools` has no system pool"),
            ("12:17", "cluster.pools.general.shape` (amd64, 5 CPUs, 7Gi) is that of no machine of eks"),
            ("12:47", "cluster.pools.general.min` is 4, and `max` is 3"),
            ("13:5", "cluster.protection` is `off`, and the tier is `prod`"),
            ("14:12", "cluster.tags.cluster` is set by paasport itself"),
            ("16:5", "cluster.gke` belongs to the vendor gke, and this stack's is eks"),
            ("18:69", "services.metrics.overrides.replicas` is 1, but the service is `zonal`"),
        ]
    ]


def test_a_date_that_passes_is_told_by_check_and_keeps_nobody_from_deploying(project):
    expired = samples.having(samples.EKS, kubernetes__minor="1.33")
    project.write(yaml.safe_dump({"config": {"paasport:cluster": expired}}))
    assert files.check(project.root, "dev", today=dt.date(2026, 7, 29)) == ()
    assert len(files.check(project.root, "dev", today=dt.date(2026, 7, 30))) == 1
    # Without a day, it is this one, and long after.
    assert len(files.check(project.root, "dev")) == 1
    assert files.read(project.root, "dev", passphrase=nothing).settings.cluster.kubernetes.minor == "1.33"


@pytest.mark.parametrize(
    ("stack", "advice"), [("local-dve", "write `local-dev`"), ("../x", "write one of `local-dev`, `prod`")]
)
def test_an_unknown_stack_is_told_with_the_nearest_and_the_list(project, stack, advice):
    project.write(LOCAL, stack="local-dev")
    project.write(LOCAL, stack="prod")
    for call in (lambda: files.read(project.root, stack, passphrase=nothing), lambda: files.check(project.root, stack)):
        with pytest.raises(errors.UsageError) as caught:
            call()
        [problem] = caught.value.problems
        assert problem.what == f"there is no stack `{stack}`"
        assert problem.why == "a stack is a file Pulumi.<stack>.yaml; there are `local-dev`, `prod`"
        assert problem.next == advice
        assert caught.value.exit_code == 2


def test_a_folder_that_is_no_project_is_told(tmp_path):
    with pytest.raises(errors.UsageError, match=r"there is no Pulumi\.yaml in"):
        files.names(tmp_path)


def test_a_file_that_cannot_be_read_is_told(project):
    (project.root / "stacks" / "Pulumi.dev.yaml").mkdir()
    with pytest.raises(errors.StackFileError, match=r"stacks/Pulumi\.dev\.yaml: it cannot be read: Is a directory"):
        files.read(project.root, "dev", passphrase=nothing)


def test_nothing_heavy_is_imported_before_a_file_is_read():
    program = "import sys, stacks.files; print(*{'pydantic', 'cryptography', 'rapidfuzz', 'pulumi'} & set(sys.modules))"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=conftest.ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == ""
