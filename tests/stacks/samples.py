"""Settings of managed clusters that are right, for tests that make one thing wrong in them."""

import copy

from stacks import errors, settings

EKS = {
    "vendor": "eks",
    "tier": "staging",
    "region": "eu-central-1",
    "kubernetes": {"minor": "1.35"},
    "network": {"cidr": "10.10.0.0/16"},
    "access": {"deployer": "arn:aws:iam::111122223333:role/deployer", "cidrs": ["203.0.113.0/24"]},
    "eks": {"account": "111122223333"},
}
GKE = {
    "vendor": "gke",
    "tier": "staging",
    "region": "europe-west3",
    "kubernetes": {"minor": "1.35"},
    "network": {"cidr": "10.20.0.0/20"},
    "access": {"deployer": "serviceAccount:deployer@acme-dev.iam.gserviceaccount.com", "cidrs": ["203.0.113.0/24"]},
    "gke": {"project": "acme-dev", "projectNumber": "100000000001"},
}
AKS = {
    "vendor": "aks",
    "tier": "staging",
    "region": "westeurope",
    "kubernetes": {"minor": "1.35"},
    "network": {"cidr": "10.30.0.0/20"},
    "access": {"deployer": "00000000-0000-4000-8000-000000000001", "cidrs": ["203.0.113.0/24"]},
    "aks": {
        "subscription": "00000000-0000-4000-8000-0000000000d1",
        "tenant": "00000000-0000-4000-8000-0000000000ff",
    },
}
VENDORS = {"eks": EKS, "gke": GKE, "aks": AKS}

SYSTEM = {"role": "system", "shape": {"cpu": 2, "memory": "8Gi"}, "min": 2, "max": 4}
GENERAL = {"shape": {"cpu": 4, "memory": "16Gi"}, "min": 1, "max": 4}
GONE = object()
"""Instead of a value: the key is left out."""


def having(cluster, **changes):
    """The cluster with other values; `network__cidr` is the key `cidr` of `network`."""
    changed = copy.deepcopy(cluster)
    for path, value in changes.items():
        *steps, last = path.split("__")
        place = changed
        for step in steps:
            place = place.setdefault(step, {})
        place[last] = value
        if value is GONE:
            del place[last]
    return changed


def pools(cluster, **others):
    """The cluster with a system pool, an ordinary one, and others or other values for these."""
    return having(cluster, pools={"system": SYSTEM, "general": GENERAL} | others)


def told(cluster, *, services=None, **options):
    """Every problem as a terminal shows it."""
    try:
        settings.parse({"paasport:cluster": cluster, "paasport:services": services or {}}, **options)
    except errors.StackFileError as error:
        return [problem.render() for problem in error.problems]
    return []
