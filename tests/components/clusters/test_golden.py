"""What every stack registers, pinned: `pytest tests/components/clusters/test_golden.py --update-golden` writes it anew.

An update is refused where it would replace or delete what a running stack has, unless `--accept-replacement` is given:
a bumped version or a changed default must not do that by the way.
"""

from __future__ import annotations

import pathlib

import pytest
import yaml
from pulumi.runtime import rpc

from local.simulated import account
from stacks import files

from . import conftest

FOLDER = pathlib.Path(__file__).parent / "golden"
STACKS = files.names(conftest.ROOT)
IMMUTABLE = {
    "StorageClass": ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    "Prometheus": ("spec.storage.volumeClaimTemplate.spec.storageClassName", "metadata.name", "metadata.namespace"),
}
"""Of Kubernetes objects: what can't be changed without losing the object or its volumes."""

FORGOTTEN = ("pulumi:index:Stash",)
"""What may leave a stack: nothing is there but a value that was remembered, and the next one has another name."""


def registered(program):
    """All registrations as data: vendor resources and single objects with their inputs, groups object by object."""
    found = {}
    for item in program.registrations:
        marks = {name: True for name, is_so in (("protect", item.protect), ("retainOnDelete", item.retained)) if is_so}
        if item.type.startswith("kubernetes:yaml/v2:ConfigGroup"):
            for manifest in item.inputs["objs"]:
                metadata = manifest["metadata"]
                place = f"{metadata.get('namespace', '')}/{metadata['name']}".removeprefix("/")
                found[f"{manifest['kind']} {place}"] = {"inputs": manifest, **marks}
        elif item.custom:
            found[f"{item.type} {item.name}"] = {"inputs": stable(item.inputs), **marks}
    return found


def stable(inputs):
    """Without the pickled code of dynamic resources, which changes with the interpreter, and without secrets."""
    return {key: concealed(value) for key, value in inputs.items() if key != "__provider"}


def concealed(value):
    """Of a secret only the keys are pinned: passwords are drawn anew for every program."""
    if not isinstance(value, dict):
        return value
    if rpc._special_sig_key in value:
        secret = value["value"]
        return dict.fromkeys(secret, "secret") if isinstance(secret, dict) else "secret"
    return {key: concealed(child) for key, child in value.items()}


def lost(old, new, *, stack):
    """What an update from one registration to another would replace or delete, in words."""
    judge = account.Account(stack=stack)
    for name, before in old.items():
        kind, _, _ = name.partition(" ")
        after = new.get(name)
        if after is None:
            if kind in IMMUTABLE or (":" in kind and kind not in FORGOTTEN):
                yield f"{name} would be deleted"
        elif kind.startswith(("aws:", "gcp:", "azure-native:")):
            difference = judge.difference(kind, before["inputs"], after["inputs"])
            yield from (f"{name} would be replaced because of {path}" for path in difference.replaces)
        elif kind == "pulumi:providers:kubernetes":
            if before["inputs"]["clusterIdentifier"] != after["inputs"]["clusterIdentifier"]:
                yield f"{name} would be replaced because of clusterIdentifier"
        else:
            label = kind.rpartition(":")[2]
            for path in IMMUTABLE.get(label, ()):
                if at(before["inputs"], path) != at(after["inputs"], path):
                    yield f"{name} would be replaced because of {path}"


def at(tree, path):
    for step in path.split("."):
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree


def text(found):
    return yaml.safe_dump(found, sort_keys=True, width=120, default_flow_style=False, allow_unicode=True)


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_registers_what_it_did_and_replaces_nothing(deploy, stack, pytestconfig):
    path = FOLDER / f"{stack}.yaml"
    now = registered(deploy(stack))
    before = yaml.load(path.read_text(), Loader=yaml.CSafeLoader) if path.exists() else {}
    losses = list(lost(before, now, stack=stack))
    if pytestconfig.getoption("--update-golden"):
        assert losses == [] or pytestconfig.getoption("--accept-replacement"), losses
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text(now))
        return
    assert losses == []
    assert before == yaml.safe_load(text(now)), "look at what changed; where it is meant, run with --update-golden"


CHANGES = [
    ("eks-prod", "aws:eks/cluster:Cluster", "name", "another", "name"),
    ("eks-prod", "aws:ec2/vpc:Vpc", "cidrBlock", "10.99.0.0/16", "cidrBlock"),
    ("gke-prod", "gcp:container/cluster:Cluster", "datapathProvider", "LEGACY_DATAPATH", "datapathProvider"),
    ("gke-prod", "gcp:container/cluster:Cluster", "location", "europe-west4", "location"),
    ("aks-prod", "azure-native:containerservice:ManagedCluster", "dnsPrefix", "another", "dnsPrefix"),
    ("aks-prod", "azure-native:containerservice:AgentPool", "vmSize", "Standard_D16ds_v5", "vmSize"),
    ("eks-prod", "StorageClass", "provisioner", "kubernetes.io/aws-ebs", "provisioner"),
    ("eks-prod", "pulumi:providers:kubernetes", "clusterIdentifier", "eks:elsewhere", "clusterIdentifier"),
]


@pytest.mark.parametrize(("stack", "kind", "path", "value", "named"), CHANGES, ids=lambda part: str(part)[:40])
def test_what_would_replace_something_is_seen(stack, kind, path, value, named):
    before = yaml.load((FOLDER / f"{stack}.yaml").read_text(), Loader=yaml.CSafeLoader)
    name = next(key for key in before if key.partition(" ")[0] == kind)
    after = {**before, name: {**before[name], "inputs": {**before[name]["inputs"], path: value}}}
    assert f"{name} would be replaced because of {named}" in list(lost(before, after, stack=stack))


def test_what_is_only_remembered_may_be_forgotten():
    before = {"pulumi:index:Stash eks-prod-coredns-1.35": {"inputs": {"input": "v1"}}}
    assert list(lost(before, {}, stack="eks-prod")) == []


def test_what_would_be_deleted_is_seen():
    before = yaml.load((FOLDER / "eks-prod.yaml").read_text(), Loader=yaml.CSafeLoader)
    name = next(key for key in before if key.startswith("aws:eks/nodeGroup:NodeGroup"))
    after = {key: value for key, value in before.items() if key != name}
    assert list(lost(before, after, stack="eks-prod")) == [f"{name} would be deleted"]
