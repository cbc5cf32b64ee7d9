"""What depends on what in a stack, as text, Mermaid, Graphviz or data.

Pure: nodes in, text out. Where the nodes come from, the inventory of the cluster or a preview, is the caller's matter.
An edge points from a resource to what it depends on; what belongs to what is shown by nesting, never by an edge.
"""

from __future__ import annotations

import collections
import dataclasses
import enum
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from runner.engine import events, model


class Format(enum.StrEnum):
    """The ways to write a graph."""

    TEXT = "text"
    MERMAID = "mermaid"
    DOT = "dot"
    JSON = "json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Node:
    """A resource and what it needs."""

    urn: str
    type: str
    name: str
    parent: str = ""
    dependencies: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """`Deployment prometheus-operator`: the type without its package, and the name."""
        return f"{self.type.rpartition(':')[2]} {self.name}"


@dataclasses.dataclass(frozen=True)
class Graph:
    """The nodes of one stack in the order of their registration, and nothing that points outside of it."""

    nodes: tuple[Node, ...]

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """`(resource, what it depends on)`, each once and never to itself."""
        return tuple((node.urn, other) for node in self.nodes for other in node.dependencies)

    def children(self) -> Mapping[str, tuple[Node, ...]]:
        """The nodes by parent; under `""` stand the outermost ones."""
        result: dict[str, list[Node]] = collections.defaultdict(list)
        for node in self.nodes:
            result[node.parent].append(node)
        return {parent: tuple(nodes) for parent, nodes in result.items()}


def of(nodes: Iterable[Node]) -> Graph:
    """The graph of these nodes: a parent or a dependency that is not among them is dropped, as is a repetition."""
    by_urn = {node.urn: node for node in nodes}
    return Graph(
        tuple(
            dataclasses.replace(
                node,
                parent=node.parent if node.parent in by_urn and node.parent != node.urn else "",
                dependencies=tuple(
                    other for other in dict.fromkeys(node.dependencies) if other in by_urn and other != node.urn
                ),
            )
            for node in by_urn.values()
        )
    )


def of_entries(entries: Iterable[model.Entry]) -> Graph:
    """The graph of what is deployed."""
    return of(
        Node(
            urn=entry.urn,
            type=entry.type,
            name=entry.urn.rpartition("::")[2],
            parent=entry.parent,
            dependencies=entry.dependencies,
        )
        for entry in entries
    )


def of_planned(resources: Iterable[events.Finished]) -> Graph:
    """The graph of what a preview would make."""
    return of(
        Node(urn=item.urn, type=item.type, name=item.name, parent=item.parent, dependencies=item.dependencies)
        for item in resources
        if item.operation is not model.Operation.DELETE
    )


def without_inherited(graph: Graph) -> Graph:
    """The graph as people read it: what a resource needs because all of its component does is told there only."""
    by_urn = {node.urn: node for node in graph.nodes}

    def inherited(node: Node) -> frozenset[str]:
        parent = by_urn.get(node.parent)
        return frozenset(parent.dependencies) | inherited(parent) if parent else frozenset()

    return Graph(
        tuple(
            dataclasses.replace(
                node, dependencies=tuple(other for other in node.dependencies if other not in inherited(node))
            )
            for node in graph.nodes
        )
    )


def render(graph: Graph, *, as_format: Format, stack: str) -> str:
    """The graph in one of the formats, without a final newline."""
    renderers: Mapping[Format, Callable[[Graph], Iterable[str]]] = {
        Format.TEXT: _text,
        Format.MERMAID: _mermaid,
        Format.DOT: _dot,
    }
    if as_format is Format.JSON:
        return json.dumps(document(graph, stack=stack), indent=2, ensure_ascii=False)
    return "\n".join(renderers[as_format](without_inherited(graph)))


def document(graph: Graph, *, stack: str) -> dict[str, Any]:
    """The graph as plain JSON values, with every edge."""
    return {
        "stack": stack,
        "nodes": [
            {"urn": node.urn, "type": node.type, "name": node.name, "parent": node.parent} for node in graph.nodes
        ],
        "edges": [{"from": source, "to": target} for source, target in graph.edges],
    }


def _text(graph: Graph) -> Iterator[str]:
    labels = {node.urn: node.label for node in graph.nodes}
    children = graph.children()

    def lines(parent: str, indent: str) -> Iterator[str]:
        for node in children.get(parent, ()):
            needs = ", ".join(labels[other] for other in node.dependencies)
            yield f"{indent}{node.label}" + (f"  -> {needs}" if needs else "")
            yield from lines(node.urn, indent + "  ")

    return lines("", "")


def _mermaid(graph: Graph) -> Iterator[str]:
    identifiers = _identifiers(graph)
    children = graph.children()

    def lines(parent: str, indent: str) -> Iterator[str]:
        for node in children.get(parent, ()):
            box = f'{identifiers[node.urn]}["{_quoted(node.label, quote="#quot;")}"]'
            if node.urn not in children:
                yield f"{indent}{box}"
                continue
            yield f"{indent}subgraph {box}"
            yield from lines(node.urn, indent + "  ")
            yield f"{indent}end"

    yield "flowchart LR"
    yield from lines("", "  ")
    for source, target in graph.edges:
        yield f"  {identifiers[source]} --> {identifiers[target]}"


def _dot(graph: Graph) -> Iterator[str]:
    """Clusters for components. Graphviz links nodes only, so a component is a node in its own cluster as well."""
    identifiers = _identifiers(graph)
    children = graph.children()

    def lines(parent: str, indent: str) -> Iterator[str]:
        for node in children.get(parent, ()):
            statement = f'{identifiers[node.urn]} [label="{_quoted(node.label, quote=chr(92) + chr(34))}"];'
            if node.urn not in children:
                yield f"{indent}{statement}"
                continue
            yield f"{indent}subgraph cluster_{identifiers[node.urn]} {{"
            yield f"{indent}  {statement}"
            yield from lines(node.urn, indent + "  ")
            yield f"{indent}}}"

    yield "digraph stack {"
    yield "  rankdir=LR;"
    yield "  node [shape=box];"
    yield from lines("", "  ")
    for source, target in graph.edges:
        yield f"  {identifiers[source]} -> {identifiers[target]};"
    yield "}"


def _identifiers(graph: Graph) -> Mapping[str, str]:
    """Short names that every format accepts; URNs contain characters that none does."""
    return {node.urn: f"n{number}" for number, node in enumerate(graph.nodes)}


def _quoted(text: str, *, quote: str) -> str:
    return text.replace('"', quote)
