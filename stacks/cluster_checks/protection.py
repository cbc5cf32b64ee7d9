"""Whether production is protected, logs are kept for a time that can be had, and tags are such as all vendors take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from stacks import findings, forms, managed, suggestions
from stacks.cluster_checks import subject as subjects

CLOUDWATCH_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""The retentions that CloudWatch has: docs.aws.amazon.com, API PutRetentionPolicy."""
LOG_DAYS: Final[Mapping[str, tuple[int, int]]] = {"gke": (1, 3650), "aks": (30, 730)}
"""Fewest and most days of a log bucket (Google) and of a Log Analytics workspace (Azure)."""

OWN_TAGS: Final = ("managed-by", "cluster", "tier")
"""Tags that paasport sets on everything."""
RESERVED_TAGS: Final = ("goog", "microsoft", "azure", "windows")
"""Beginnings of keys that Google or Microsoft keeps for itself."""
MOST_TAGS: Final = 40
"""AWS and Azure take 50 on a resource, of which paasport and the vendor need some."""

EKS_ADDONS: Final = (
    "aws-ebs-csi-driver",
    "coredns",
    "eks-node-monitoring-agent",
    "eks-pod-identity-agent",
    "kube-proxy",
    "metrics-server",
    "snapshot-controller",
    "vpc-cni",
)
"""EKS add-ons that a cluster gets, whose version can be chosen."""
EKS_AUTO_ADDONS: Final = ("metrics-server", "snapshot-controller")
"""Those of them that Auto Mode does not bring itself."""


def production_is_protected(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """A production cluster cannot be deleted by one command, unless it is said that it goes."""
    cluster, protection = subject.cluster, subject.resolved.protection
    if cluster.retiring and protection != "off":
        yield subject.finding(
            "retiring",
            what=f"{subject.spelled('retiring')} has no effect: the protection is `{protection}`",
            why="a protected cluster is not destroyed",
            next="write `protection: off` beside it, deploy that, then destroy",
        )
    elif cluster.tier == "prod" and protection == "off" and not cluster.retiring:
        yield subject.finding(
            "protection",
            what=f"{subject.spelled('protection')} is `off`, and the tier is `prod`",
            why="one mistaken destroy would delete the cluster and what is on it",
            next="write `guarded`, or leave it out for `locked`; before you destroy it, add `retiring: true`",
        )


def logs_are_kept(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """The retention of audit logs is one that the vendor has."""
    days = subject.resolved.audit.retention_days
    if subject.vendor == "eks":
        possible = days in CLOUDWATCH_DAYS
        following = next((each for each in CLOUDWATCH_DAYS if each >= days), CLOUDWATCH_DAYS[-1])
        reason = "CloudWatch has a fixed choice of retentions"
    else:
        least, most = LOG_DAYS[subject.vendor]
        possible, following = least <= days <= most, min(max(days, least), most)
        reason = f"logs can be kept for {least} to {most} days there"
    if not possible:
        yield subject.finding(
            "audit",
            "retentionDays",
            what=f"{subject.spelled('audit', 'retentionDays')} is {days}, which {subject.vendor} does not have",
            why=reason,
            next=f"write `retentionDays: {following}`",
        )


def tags_are_free(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """Tags are not those that paasport or a vendor sets, all vendors take their keys, and there are not too many."""
    tags = subject.cluster.tags
    for key in tags:
        place = subject.spelled("tags", key)
        reserved = next((each for each in RESERVED_TAGS if key.startswith(each)), "")
        if key in OWN_TAGS:
            what, why = f"{place} is set by paasport itself", "by it everything that belongs to a cluster is found"
            yield subject.finding("tags", key, what=what, why=why, next="use another key")
        elif reserved:
            what = f"{place} begins with `{reserved}`, which a vendor keeps for itself"
            yield subject.finding("tags", key, what=what, why="it refuses the tag", next="use another key")
        elif re.fullmatch(forms.TAG, key) and not key[0].isalpha():
            what = f"{place} does not begin with a letter, as keys of Google's labels do"
            why = "tags are such as every vendor takes"
            yield subject.finding("tags", key, what=what, why=why, next="use another key")
    if len(tags) > MOST_TAGS:
        what = f"{subject.spelled('tags')} has {len(tags)} tags; {MOST_TAGS} are the most"
        yield subject.finding("tags", what=what, why="AWS and Azure take 50 with their own", next="remove some")


def addons_are_installed(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """A version is chosen for an EKS add-on that the cluster gets."""
    match subject.resolved.options:
        case managed.EksOptions(addon_versions=chosen):
            installed = EKS_AUTO_ADDONS if subject.cluster.compute == "auto" else EKS_ADDONS
            for name in chosen:
                if name not in installed:
                    place = ("eks", "addonVersions", name)
                    what = f"{subject.spelled(*place)} is no add-on that the cluster gets"
                    yield subject.finding(
                        *place,
                        what=what,
                        why="the version would have no effect",
                        next=suggestions.correction(name, installed),
                    )


CHECKS: Final[tuple[subjects.Check, ...]] = (
    production_is_protected,
    logs_are_kept,
    tags_are_free,
    addons_are_installed,
)
