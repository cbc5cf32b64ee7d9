"""What must hold between a stack and the catalogues that it names. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from stacks import findings, suggestions, unknown
from stacks.catalogues import model
from stacks.services import instance

if TYPE_CHECKING:
    from stacks import settings


def is_undecided(value: Any, *, known: Mapping[str, Any], catalogue: model.Catalogue) -> bool:
    """Whether an instance may be of a service that its catalogue has and that can't be read: told already."""
    if catalogue.is_sound or unknown.is_unknown(value) or not isinstance(value, Mapping):
        return False
    name = value.get("service")
    if unknown.is_unknown(name) or not isinstance(name, str) or name in known:
        return False
    return not any(suggestions.is_slip(name, of=each) for each in known)


def of_service_name(name: str, *, catalogue: model.Catalogue, path: findings.Path) -> Iterator[findings.Finding]:
    """Whether the namespace of an instance is that of an operator of the catalogue."""
    if name in catalogue.namespaces:
        yield findings.Finding(
            path=path,
            what=f'the service name "{name}" is taken: an operator of the catalogue lives in that namespace',
            why="a service lives in a namespace of its own name",
            next="name it after what it is for, for example `main`",
        )


def of_service(
    service: instance.Instance, *, catalogue: model.Catalogue, cluster: settings.Cluster | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """Whether what runs an instance runs where the stack is."""
    yield from unknown.as_far_as_known(_is_played(service, catalogue=catalogue, cluster=cluster, path=path))


def _is_played(
    service: instance.Instance, *, catalogue: model.Catalogue, cluster: settings.Cluster | None, path: findings.Path
) -> Iterator[findings.Finding]:
    own = catalogue.services.get(service.service)
    if own is None or cluster is None or cluster.vendor != "local":
        return
    played = {play.operator for play in catalogue.plays}
    for name in own.operators:
        if name in catalogue.operators and name not in played:
            place = (*path, "service")
            yield findings.Finding(
                path=place,
                what=f"the operator {name} of `{service.service}` does not run on the vendor local",
                why="no container runs there, and its catalogue does not say how it is played: nothing would get ready",
                next="add `rehearsal` to the service's `resource`, or use another vendor",
            )
