"""The table of all stacks in README: `python -m stacks.overview` writes it there.

Made from what the stack files come to, so that it cannot say anything else. A test fails where it is stale.
"""

from __future__ import annotations

import pathlib
from typing import Final

from stacks import files, managed, resolution, settings

ROOT: Final = pathlib.Path(__file__).parents[1]
README: Final = ROOT / "README.md"
BEGIN: Final = "<!-- stacks:begin (python -m stacks.overview) -->"
END: Final = "<!-- stacks:end -->"
_HEAD: Final = (
    "stack",
    "where",
    "Kubernetes",
    "zones",
    "nodes",
    "API server",
    "keys",
    "audit",
    "protection",
    "services",
)


def table(root: pathlib.Path) -> str:
    """One row for each stack, in Markdown."""
    rows = [_HEAD, tuple("---" for _ in _HEAD), *(_row(root, name) for name in files.names(root))]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def replaced(text: str, *, content: str, begin: str = BEGIN, end: str = END) -> str:
    """The document with other content between its two marks. Raises ValueError where they are missing."""
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the marks {begin} and {end} are missing")
    return f"{before}{begin}\n{content}{end}{after}"


def _row(root: pathlib.Path, name: str) -> tuple[str, ...]:
    wanted = files.inspect(root, name)
    cluster = wanted.cluster
    link = f"[`{name}`](stacks/Pulumi.{name}.yaml)"
    services = ", ".join(
        f"{service.service} ({service.size}, {service.availability}{', preview' if service.PREVIEW else ''})"
        for service in wanted.services.values()
    )
    match cluster:
        case managed.EksCluster() | managed.GkeCluster() | managed.AksCluster():
            return (link, *_managed(resolution.resolve(cluster, stack=name)), services)
        case settings.LocalCluster():
            nodes = cluster.nodes
            return (
                link,
                "this machine",
                "built here",
                str(len(nodes.zones)),
                f"{nodes.count} simulated",
                *_NONE,
                services,
            )
        case settings.ExistingCluster():
            return (link, "where it is", "as it is", "", "", *_NONE, services)


_NONE: Final = ("", "", "", "")


def _managed(cluster: resolution.Managed[managed.Options]) -> tuple[str, ...]:
    return (
        cluster.region,
        f"{cluster.minor}, {cluster.upgrades}",
        str(len(cluster.network.zones)),
        "; ".join([*(_pool(pool) for pool in cluster.pools), *(["automatic"] if cluster.compute == "auto" else [])]),
        cluster.access.api,
        "own" if cluster.encryption == "customer-key" else "vendor's",
        f"{cluster.audit.retention_days} d, {cluster.audit.categories}",
        cluster.protection,
    )


def _pool(pool: resolution.Pool) -> str:
    marks = [mark for mark, is_so in (("arm64", pool.arch == "arm64"), ("spot", pool.spot)) if is_so]
    return " ".join([f"{pool.name} {pool.min}-{pool.max}", *marks])


if __name__ == "__main__":
    README.write_text(replaced(README.read_text(encoding="utf-8"), content=table(ROOT)), encoding="utf-8")
