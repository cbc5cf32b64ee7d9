"""Whether the deployer can reach the API, nobody else needlessly can, and principals are such as the vendor knows."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Final

from stacks import findings, forms, managed, unknown
from stacks.cluster_checks import addresses
from stacks.cluster_checks import subject as subjects

WIDEST: Final = 8
"""Length of the largest network that an allowlist may name; two of length 1 are the whole internet."""
MOST_CIDRS: Final[Mapping[str, int]] = {"eks": 40, "gke": 100, "aks": 200}
"""Networks of an allowlist: the vendors' own limits."""

_GKE_KINDS: Final = ("serviceAccount", "user", "group", "principal", "principalSet")
_ASSUMED: Final = re.compile(r"arn:(aws[a-z-]*):sts::([0-9]{12}):assumed-role/([^/]+)/.+")
_ROLE: Final = re.compile(r"arn:(aws[a-z-]*):iam::([0-9]{12}):role/([\w+=,.@-]+/)*[\w+=,.@-]{1,64}")


def api_is_the_vendors(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """Only GKE has an endpoint that asks for an identity first."""
    if subject.resolved.access.api == "identity" and subject.vendor != "gke":
        yield subject.finding(
            "access",
            "api",
            what=f"{subject.spelled('access', 'api')} is `identity`, which only GKE has",
            why="the endpoints of EKS and AKS answer to everybody who reaches them",
            next="write `allowlist` with `cidrs`, or `private` with `wayIn`",
        )


def private_has_a_way_in(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """A private API says how it is reached, and no other needs to."""
    access, api = subject.cluster.access, subject.resolved.access.api
    if api == "private" and access.way_in is None:
        by = "" if access.api else f" by the tier `{subject.cluster.tier}`"
        yield subject.finding(
            "access",
            "wayIn",
            what=f"{subject.spelled('access', 'wayIn')} is missing, and the API is private{by}",
            why="from outside of its network nobody could deploy to the cluster, nor destroy what is on it",
            next="write `wayIn: vpn`, `peering`, `bastion` or `runner`, or choose another `api`",
        )
    elif api != "private" and access.way_in is not None:
        yield subject.finding(
            "access",
            "wayIn",
            what=f"{subject.spelled('access', 'wayIn')} has no effect: the API is `{api}`",
            why="it says how a private API is reached",
            next="remove it, or write `api: private`",
        )


def allowlist_is_a_list(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """An allowlist has networks, not too many, and only such as can be seen from the internet."""
    cidrs, api = subject.cluster.access.cidrs, subject.resolved.access.api
    place = subject.spelled("access", "cidrs")
    if api != "allowlist":
        if cidrs:
            what = f"{place} has no effect: the API is `{api}`"
            why = "a private API is reached from its network alone" if api == "private" else "an identity is asked for"
            yield subject.finding("access", "cidrs", what=what, why=why, next="remove it, or write `api: allowlist`")
        return
    if not cidrs:
        by = "" if subject.cluster.access.api else f" by the tier `{subject.cluster.tier}`"
        yield subject.finding(
            "access",
            "cidrs",
            what=f"{place} is missing, and the API is open to an allowlist{by}",
            why="without one the vendor would open it to the whole internet, or to nobody",
            next="name the networks that deployers and developers come from, such as `cidrs: [203.0.113.0/24]`",
        )
    if len(cidrs) > (most := MOST_CIDRS[subject.vendor]):
        what = f"{place} has {len(cidrs)} networks, and {subject.vendor} takes {most}"
        advice = "put neighbours together into larger networks"
        yield subject.finding("access", "cidrs", what=what, why="it refuses a longer list", next=advice)


def _allowed(subject: subjects.Subject) -> Iterator[tuple[int, str]]:
    if subject.resolved.access.api == "allowlist":
        yield from enumerate(subject.cluster.access.cidrs)


@subjects.for_each(_allowed)
def allowed_networks_are_seen_from_outside(
    subject: subjects.Subject, index: int, text: str
) -> Iterator[findings.Finding]:
    """A network of an allowlist is one of the internet's, and not the whole of it."""
    try:
        block = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        return  # `addresses.are_networks` tells
    place = ("access", "cidrs", index)
    shown = f"{subject.spelled(*place)}{subject.shown(text)}"
    if block.prefixlen < WIDEST:
        yield subject.finding(
            *place,
            what=f"{shown} is the whole internet or a large part of it",
            why="everybody could try the API server's door",
            next="name the networks that deployers and developers come from",
        )
    elif any(block.subnet_of(private) for private in addresses.PRIVATE):
        yield subject.finding(
            *place,
            what=f"{shown} is private, and the API is reached from the internet",
            why="such an address never arrives there; vendors refuse it",
            next="write the public addresses that this network leaves by, or `api: private`",
        )
    elif text in subject.cluster.access.cidrs[:index]:
        yield subject.finding(
            *place,
            what=f"{shown} is named a second time",
            why="the list has a limit, and one entry is enough",
            next="name each network once",
        )


def _principals(subject: subjects.Subject) -> Iterator[tuple[tuple[str | int, ...], str, tuple[str, ...]]]:
    """Each principal with its place, and those that are named before it."""
    access, earlier = subject.cluster.access, list[str]()
    roles = (_of_role(access, role) for role in ("deployer", "admins", "viewers"))
    for place, principal in (each for role in roles for each in unknown.as_far_as_known(role)):
        if not unknown.is_unknown(principal):
            yield place, principal, tuple(earlier)
            earlier.append(principal)


def _of_role(access: managed.Access, role: str) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if role == "deployer":
        yield (role,), access.deployer
        return
    for index, principal in enumerate(getattr(access, role)):
        yield (role, index), principal


@subjects.for_each(_principals)
def principals_are_the_vendors(
    subject: subjects.Subject, place: tuple[str | int, ...], principal: str, earlier: tuple[str, ...]
) -> Iterator[findings.Finding]:
    """Each principal is written as its vendor writes it, and gets one role."""
    shown = f"{subject.spelled('access', *place)}{subject.shown(principal)}"
    wrong = _wrong(subject, principal)
    if wrong is not None:
        what, advice = wrong
        why = "the role would be refused, or be nobody's"
        yield subject.finding("access", *place, what=f"{shown} {what}", why=why, next=advice)
    elif principal in earlier:
        yield subject.finding(
            "access",
            *place,
            what=f"{shown} is named a second time",
            why="a principal has one role, and the deployer may do everything already",
            next="name it once",
        )


def _wrong(subject: subjects.Subject, principal: str) -> tuple[str, str] | None:
    """What is wrong with a principal, and what to write instead; None where nothing is."""
    match subject.resolved.options:
        case managed.EksOptions(account=account, partition=partition):
            return _wrong_role(principal, account=account, partition=partition, echo=subject.echo)
        case managed.GkeOptions():
            kind, colon, name = principal.partition(":")
            if colon and kind in _GKE_KINDS and ("@" in name or kind.startswith("principal")) and not name.isspace():
                return None
            return "is no principal of Google Cloud", (
                "write `serviceAccount:NAME@PROJECT.iam.gserviceaccount.com`, `group:NAME@DOMAIN` or `user:NAME@DOMAIN`"
            )
        case _:
            if re.fullmatch(forms.UUID, principal):
                return None
            return "is no object id of Entra", "write the UUID that `az ad sp show` or `az ad group show` has as `id`"


def _wrong_role(principal: str, *, account: str, partition: str, echo: bool) -> tuple[str, str] | None:
    example = f"arn:{partition}:iam::{account if echo else 'ACCOUNT'}:role/NAME"
    if session := _ASSUMED.fullmatch(principal):
        role = f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}" if echo else example
        return "is a session of a role, not the role", f"write `{role}`"
    role_match = _ROLE.fullmatch(principal)
    if role_match is None:
        return "is no ARN of an IAM role", f"write `{example}`: users and the account's root have keys that last"
    if role_match[1] != partition:
        return f"is not in the partition `{partition}`", f"write `{example}`"
    if role_match[2] != account:
        return "is a role of another account than the cluster's", f"write a role of the cluster's account: `{example}`"
    return None


CHECKS: Final[tuple[subjects.Check, ...]] = (
    api_is_the_vendors,
    private_has_a_way_in,
    allowlist_is_a_list,
    allowed_networks_are_seen_from_outside,
    principals_are_the_vendors,
)
