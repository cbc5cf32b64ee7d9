"""What a tier, a vendor or a default gives anyway is not repeated in a stack file."""

import copy

import pytest

from stacks import errors, files, managed, resolution, settings

from . import conftest, samples

MANAGED = [
    stack
    for stack in files.names(conftest.ROOT)
    if isinstance(files.inspect(conftest.ROOT, stack).cluster, managed.ManagedCluster)
]


def paths(value, path=()):
    for key, item in value.items():
        yield (*path, key)
        if isinstance(item, dict):
            yield from paths(item, (*path, key))


def without(value, path):
    changed = copy.deepcopy(value)
    place = changed
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return changed


def resolved(cluster):
    try:
        wanted = settings.parse({"paasport:cluster": cluster})
    except errors.StackFileError:
        return None
    return resolution.resolve(wanted.cluster, stack="stack")


def superfluous(cluster):
    """The keys that change nothing."""
    whole = resolved(cluster)
    return [".".join(path) for path in paths(cluster) if resolved(without(cluster, path)) == whole]


@pytest.mark.parametrize("stack", MANAGED)
def test_a_stack_file_repeats_no_default(stack):
    config = files.read(conftest.ROOT, stack, passphrase=lambda: None).config
    assert superfluous(config["paasport:cluster"]) == []


def test_a_repeated_default_is_noticed():
    cluster = samples.having(
        samples.EKS, protection="guarded", network__egress="single", kubernetes__window={"hours": 6}
    )
    assert superfluous(cluster) == ["kubernetes.window", "kubernetes.window.hours", "network.egress", "protection"]


def test_there_is_a_stack_of_every_vendor_for_every_environment():
    assert set(MANAGED) >= {f"{vendor}-{tier}" for vendor in samples.VENDORS for tier in ("dev", "staging", "prod")}
