"""Files as people write them by mistake: each problem is told once, at its line, and nothing else is."""

import datetime as dt
import textwrap

import pytest

from stacks import errors, files

TODAY = dt.date(2026, 11, 22)

EKS = """\
config:
  paasport:cluster:
    vendor: eks
    tier: dev
    region: eu-central-1
    kubernetes: {minor: "1.35"}
    network: {cidr: 10.10.0.0/16}
    access: {deployer: "arn:aws:iam::111122223333:role/ci", cidrs: [203.0.113.0/24]}
    eks: {account: "111122223333"}
"""
VENDORS = "`aks`, `eks`, `existing`, `gke`, `local`"
"""In the words of a message."""
END = 10
"""The line after the last one."""


def with_line(text):
    return f"{EKS}    {text}\n"


def problems(project, text):
    project.write(text)
    return files.check(project.root, "dev", today=TODAY)


@pytest.mark.parametrize("text", [EKS, f"\ufeff{EKS}", EKS.replace("\n", "\r\n"), with_line("pools: {}")])
def test_what_the_examples_start_from_is_right(project, text):
    assert problems(project, text) == ()


CASES = [
    pytest.param("", [(0, "`paasport:cluster` is missing")], id="empty"),
    pytest.param("# nothing\n", [(0, "`paasport:cluster` is missing")], id="a comment alone"),
    pytest.param("config:\n", [(1, "`paasport:cluster` is missing")], id="config without anything"),
    pytest.param(
        "config: {paasport:cluster: }\n", [(1, "`paasport:cluster` must be a mapping, not nothing")], id="no cluster"
    ),
    pytest.param(f"{EKS}---\n{EKS}", [(END, "the YAML is broken: but found another document")], id="two documents"),
    pytest.param(
        EKS.replace("    tier", "\ttier"),
        [(4, "the YAML is broken: found character '\\t' that cannot start any token")],
        id="a tab",
    ),
    pytest.param(
        EKS.replace("vendor: eks", "vendor: EKS"),
        [(3, f"`paasport:cluster.vendor` must be one of {VENDORS}, not the text `EKS`")],
        id="a vendor in capitals",
    ),
    pytest.param(
        EKS.replace("vendor: eks", "vendor:"),
        [(3, f"`paasport:cluster.vendor` must be one of {VENDORS}, not nothing")],
        id="a vendor without a name",
    ),
    pytest.param(
        EKS.replace("vendor: eks", "vendor: gke"),
        [
            (2, "`paasport:cluster.gke` is missing"),
            (5, "`paasport:cluster.region` (`eu-central-1`) is a region of eks, and not of gke"),
            (9, "`paasport:cluster.eks` belongs to the vendor eks, and this stack's is gke"),
        ],
        id="another vendor's block",
    ),
    pytest.param(
        with_line("oke: {compartment: x}"), [(END, "unknown key `paasport:cluster.oke`")], id="a vendor nobody knows"
    ),
    pytest.param(
        EKS.replace('eks: {account: "111122223333"}', "eks:"),
        [(9, "`paasport:cluster.eks` must be a mapping, not nothing")],
        id="an empty block",
    ),
    pytest.param(
        EKS.replace("eu-central-1", "a" * 300),
        [(5, "`paasport:cluster.region` is no region of eks")],
        id="a region without end",
    ),
    pytest.param(
        EKS.replace("eu-central-1", '"eu\\n-central"'),
        [(5, "`paasport:cluster.region` is no region of eks")],
        id="a region of two lines",
    ),
    pytest.param(
        EKS.replace("eu-central-1", "eu-central-1a"),
        [(5, "`paasport:cluster.region` (`eu-central-1a`) is no region of eks")],
        id="a zone for a region",
    ),
    pytest.param(
        EKS.replace("10.10.0.0/16}", "10.10.0.0/16, zones: [eu-central-1a]}"),
        [(7, "`paasport:cluster.network.zones` must be a whole number, not a list")],
        id="names of zones",
    ),
    pytest.param(
        EKS.replace("10.10.0.0/16}", f"10.10.0.0/16, zones: {'9' * 30}}}"),
        [(7, "`paasport:cluster.network.zones` must be a whole number, not the number `1e+30`")],
        id="a huge number",
    ),
    pytest.param(
        EKS.replace("{cidr: 10.10.0.0/16}", "{cidr: .nan, zones: .inf}"),
        [
            (7, "`paasport:cluster.network.cidr` must be an IPv4 network, such as 10.20.0.0/16; it is the text `.nan`"),
            (7, "`paasport:cluster.network.zones` must be a whole number, not the text `.inf`"),
        ],
        id="numbers that are none",
    ),
    pytest.param(
        EKS.replace('{minor: "1.35"}', "{minor: 1.30, freezes: [5, {}]}"),
        [
            (6, "`paasport:cluster.kubernetes.minor` must be a text, not the number `1.3`"),
            (6, "`paasport:cluster.kubernetes.freezes[0]` must be a mapping, not the number `5`"),
            (6, "`paasport:cluster.kubernetes.freezes[1].end` is missing"),
            (6, "`paasport:cluster.kubernetes.freezes[1].name` is missing"),
            (6, "`paasport:cluster.kubernetes.freezes[1].start` is missing"),
        ],
        id="a minor without quotes, and freezes that are none",
    ),
    pytest.param(
        EKS.replace("[203.0.113.0/24]", '[null, "", 203.0.113.0/24, 203.0.113.0/24]'),
        [
            (8, "`paasport:cluster.access.cidrs[0]` must be a text, not nothing"),
            (
                8,
                "`paasport:cluster.access.cidrs[1]` must be an IPv4 network, such as 10.20.0.0/16; it is an empty text",
            ),
        ],
        id="holes in a list, behind which a repetition is not looked for",
    ),
    pytest.param(
        EKS.replace("[203.0.113.0/24]", "[203.0.113.0/24, 203.0.113.0/24]"),
        [(8, "`paasport:cluster.access.cidrs[1]` (`203.0.113.0/24`) is named a second time")],
        id="a network twice",
    ),
    pytest.param(
        EKS.replace('"111122223333"', "111122223333"),
        [(9, "`paasport:cluster.eks.account` must be a text, not the number `111122223333`")],
        id="an account without quotes",
    ),
    pytest.param(
        with_line("pools: {general: }"),
        [(END, "`paasport:cluster.pools.general` must be a mapping, not nothing")],
        id="a pool without anything",
    ),
    pytest.param(
        with_line("pools: {a: {min: 1, max: 2}, a: {role: system, min: 1, max: 2}}"),
        [(END, "the key `a` stands here a second time")],
        id="a pool twice",
    ),
    pytest.param(f"{EKS}    tier: prod\n", [(END, "the key `tier` stands here a second time")], id="a key twice"),
    pytest.param(EKS + EKS, [(END, "the key `config` stands here a second time")], id="a file twice"),
    pytest.param(
        EKS.replace("region: eu", "region: !env eu"), [(5, "the tag `!env` is not supported")], id="a tag of one's own"
    ),
    pytest.param(
        EKS.replace("tier: dev", "tier: !!python/object:os.system dev"),
        [(4, "the tag `tag:yaml.org,2002:python/object:os.system` is not supported")],
        id="a tag that would run something",
    ),
    pytest.param(
        EKS.replace("    tier: dev", "    <<: {tier: dev}"),
        [(4, "the merge key `<<` is not supported")],
        id="a merge key, of which nobody knows what it brings",
    ),
    pytest.param(
        EKS.replace("eu-central-1", "{{ region }}"),
        [
            (5, "`paasport:cluster.region` must be a text, not a mapping"),
            (5, "a key must be a text"),
        ],
        id="a template",
    ),
    pytest.param(
        with_line("protection: false"),
        [
            (
                END,
                "`paasport:cluster.protection` must be one of `off`, `guarded`, `locked`, not the truth value `false`",
            )
        ],
        id="false for off",
    ),
    pytest.param(
        with_line('tags: {"": a, 1st: b, cluster: c, x: }'),
        [
            (
                END,
                (
                    'the key `paasport:cluster.tags[""]` must be lower-case letters, digits, hyphens and underscores, '
                    "as Google's labels are; it is an empty text"
                ),
            ),
            (END, "`paasport:cluster.tags.1st` does not begin with a letter, as keys of Google's labels do"),
            (END, "`paasport:cluster.tags.cluster` is set by paasport itself"),
            (END, "`paasport:cluster.tags.x` must be a text, not nothing"),
        ],
        id="tags",
    ),
    pytest.param(
        with_line("audit: {retention_days: 30, categories: all}"),
        [
            (END, "unknown key `paasport:cluster.audit.retention_days`"),
            (END, "`paasport:cluster.audit.categories` must be one of `standard`, `full`, not the text `all`"),
        ],
        id="a key as Python has it",
    ),
    pytest.param(
        EKS.replace("eu-central-1", "cn-north-1"),
        [(9, "`paasport:cluster.eks.partition` is `aws`, and the region is in `aws-cn`")],
        id="a region of another partition",
    ),
    pytest.param(
        EKS.replace("region: eu-central-1", "region: {secure: v1:abc}"),
        [(5, "`paasport:cluster.region` is encrypted, but it is no secret")],
        id="an encrypted region",
    ),
    pytest.param(
        "config: {paasport:cluster: {secure: v1:abc}}\n",
        [(1, "`paasport:cluster` is encrypted, but it is no secret")],
        id="an encrypted cluster",
    ),
    pytest.param(
        f"{EKS}  paasport:services: {{Ünï: {{}}, x: null}}\n",
        [
            (END, '`paasport:services["\\u00dcn\\u00ef"].service` is missing'),
            (
                END,
                (
                    'the service name "\\u00dcn\\u00ef" must be a DNS label: lower-case letters, digits and hyphens, '
                    "first a letter, last no hyphen"
                ),
            ),
            (END, "`paasport:services.x` must be a mapping, not nothing"),
        ],
        id="services",
    ),
    pytest.param(
        f"Config: {{}}\n{EKS}  passport:services: {{}}\n  a:b:c:d: 1\n",
        [
            (1, "unknown key `Config`"),
            (END + 1, "unknown key `passport:services`"),
            (END + 2, "`a:b:c:d` is no configuration key"),
        ],
        id="keys outside of the cluster",
    ),
    pytest.param(
        with_line('"🙂": 1'), [(END, 'unknown key `paasport:cluster["\\ud83d\\ude42"]`')], id="a key nobody can type"
    ),
    pytest.param(
        f"config: {{paasport:cluster: {'[' * 3000}", [(0, "the file is nested too deeply")], id="brackets without end"
    ),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_each_problem_is_told_once_at_its_line(project, text, expected):
    assert [(problem.line, problem.what) for problem in problems(project, text)] == expected


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_every_problem_of_a_file_helps_and_a_deployment_tells_the_same(project, text, expected):
    found = problems(project, text)
    assert all(problem.why and problem.next and problem.file == "stacks/Pulumi.dev.yaml" for problem in found)
    with pytest.raises(errors.StackFileError) as caught:
        files.read(project.root, "dev", passphrase=lambda: None)
    told = {(problem.line, problem.what) for problem in caught.value.problems}
    assert {(line, what) for line, what in expected if "encrypted" not in what} <= told


def test_a_name_that_is_like_no_key_is_answered_with_all_keys(project):
    [problem] = problems(project, with_line("foo: 1"))
    assert problem.next.startswith("write one of `name`, `tier`, `region`")


def test_the_same_cluster_is_not_made_twice_whatever_else_is_wrong(project):
    project.write(with_line("name: same"), stack="twin")
    text = textwrap.dedent(f"{with_line('name: same')}    tags: 5\n")
    assert [problem.what for problem in problems(project, text)] == [
        "the cluster's name `same` is that of the stack `twin` too, in 111122223333 of eks",
        "`paasport:cluster.tags` must be a mapping, not the number `5`",
    ]
