"""From the folders that a stack names to what is in them, with every problem at its line in the maker's own files.

Reads the disk and runs a maker's Python; everything else is in pure modules beside this one.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from stacks import checks, errors, findings, operators, positions, suggestions
from stacks.catalogues import checks as declaration_checks
from stacks.catalogues import declarations, files, model, modelling, modules, pins, places, shapes
from stacks.services import catalogue

_SUFFIXES: Final = (".yaml", ".py")


def load(text: str, *, root: pathlib.Path, path: findings.Path) -> model.Catalogue:
    """All that the key at `path` of a stack's configuration brings. Raises nothing: problems are part of the answer."""
    found: list[findings.Finding] = []
    loading = _Loading(root)
    try:
        named = places.written(text)
    except places.Refused as refused:
        named, found = [], [_refusal(refused, path)]
    for place in named:
        try:
            loading.add(places.folder(place, root=root))
        except places.Refused as refused:
            found.append(_refusal(refused, path))
    return loading.catalogue(found)


def _refusal(refused: places.Refused, path: findings.Path) -> findings.Finding:
    return findings.Finding(path=path, what=refused.what, why=refused.why, next=refused.next)


class _Loading:
    """One walk through the folders of a stack's catalogues."""

    def __init__(self, root: pathlib.Path) -> None:
        self._root = root
        self._services: dict[str, model.Service] = {}
        self._operators: dict[str, model.Operator] = {}
        self._plays: list[model.Play] = []
        self._problems: list[errors.Problem] = []
        self._later: list[tuple[files.File, model.Service]] = []
        """What can only be judged once all operators are known."""
        self._meant: set[str] = set()
        """Operators of services that have problems: nobody is told besides that these are not there."""

    def add(self, folder: pathlib.Path) -> None:
        """Look into one catalogue."""
        services = folder / places.SERVICES
        paths = sorted(
            path for path in services.iterdir() if path.suffix in _SUFFIXES and not path.name.startswith("_")
        )
        if not paths:
            problem = errors.Problem(
                what="there is no service in this folder",
                why="a catalogue is there for its services",
                next="write one file for each service, such as shop.yaml: docs/add-a-service.md",
                file=self._shown(services),
            )
            self._problems.append(problem)
        before = set(self._operators)
        for path in paths:
            try:
                self._declared(path, folder) if path.suffix == ".yaml" else self._programmed(path, folder)
            except errors.StackFileError as error:
                self._problems += error.problems
        brought = {name: operator for name, operator in self._operators.items() if name not in before}
        if brought:
            self._problems += pins.problems(brought, folder=folder, root=self._root)

    def catalogue(self, found: list[findings.Finding]) -> model.Catalogue:
        """What was found."""
        known = {*operators.BUILT_IN, *self._operators, *self._meant}
        for file, service in self._later:
            self._problems += file.problems(_unknown_operators(service, known=known))
        return model.Catalogue(
            services=self._services,
            operators=self._operators,
            plays=tuple(self._plays),
            problems=tuple(dict.fromkeys(self._problems)),
            found=tuple(found),
        )

    def _shown(self, path: pathlib.Path) -> str:
        return files.shown(path, self._root)

    def _declared(self, path: pathlib.Path, folder: pathlib.Path) -> None:
        file = files.read(path, root=self._root)
        declaration, problems = files.filled(file, declarations.Service)
        self._problems += problems
        if declaration is None:
            self._meant |= _operator_in(file.document.value)
            return
        wrong = [*declaration_checks.of(declaration), *self._collisions(declaration.service, declaration.operator)]
        self._problems += file.problems(wrong)
        own = declaration.operator
        if wrong:
            self._meant |= {own.name} if own else set()
            return
        service = model.Service(
            name=declaration.service,
            model=modelling.model(declaration),
            operators=_operators_of(declaration),
            folder=folder,
            declaration=declaration,
            images=_images_of(declaration),
        )
        self._services[service.name] = service
        self._later.append((file, service))
        if own is not None:
            self._operators[own.name] = model.Operator(
                name=own.name,
                version=own.version,
                namespace=own.namespace or own.name,
                requires=own.requires,
                folder=folder,
                declaration=own,
            )
            self._plays += _plays(declaration, operator=self._operators[own.name])

    def _programmed(self, path: pathlib.Path, folder: pathlib.Path) -> None:
        module = modules.load(path, folder=folder, root=self._root)
        file = files.File(path=path, shown=self._shown(path), document=positions.Document(None, {}))
        offered, images = getattr(module, "OPERATORS", ()), getattr(module, "IMAGES", ())
        entry = getattr(module, "SERVICE", None)
        rehearsals = getattr(module, "REHEARSALS", {})
        wrong = [
            *shapes.of_service(entry),
            *shapes.of_operators(offered),
            *shapes.of_images(images),
            *shapes.of_rehearsals(rehearsals),
        ]
        if not wrong and entry is not None:
            wrong += self._collisions(entry.name, None)
        self._problems += file.problems(wrong)
        if wrong or entry is None:
            return
        for operator in offered:
            self._problems += file.problems(
                self._operator_collisions(operator.name, operator.home, guest=operator.guest)
            )
            self._operators[operator.name] = model.Operator(
                name=operator.name,
                version=operator.version,
                namespace=operator.home,
                requires=operator.requires,
                folder=folder,
                entry=operator,
            )
        named = (*entry.operators, *entry.backup_operators)
        service = model.Service(
            name=entry.name,
            model=entry.settings,
            operators=named,
            folder=folder,
            entry=entry,
            images=tuple(images),
        )
        self._services[service.name] = service
        self._later.append((file, service))
        self._plays += _programmed_plays(offered, rehearsals)

    def _collisions(self, name: str, operator: declarations.Operator | None) -> Iterator[findings.Finding]:
        if name in catalogue.SERVICES or name in self._services:
            whose = "built in" if name in catalogue.SERVICES else "another service of the catalogue"
            yield findings.Finding(
                path=("service",),
                what=f"the service name `{name}` is taken: it is {whose}",
                why="a stack file could not say which of the two it means",
                next=f"call it for example `acme-{name}`",
            )
        if operator is not None:
            yield from self._operator_collisions(operator.name, operator.namespace or operator.name)

    def _operator_collisions(self, name: str, namespace: str, *, guest: bool = False) -> Iterator[findings.Finding]:
        path: findings.Path = ("operator", "name")
        hosts = () if guest else [each.name for each in self._operators.values() if each.namespace == namespace]
        if name in operators.BUILT_IN:
            yield findings.Finding(
                path=path,
                what=f"the operator name `{name}` is taken: it is built in",
                why="a cluster has at most one of each",
                next=f"write `operators: [{name}]` to use the built-in one, or give yours another name",
            )
        elif name in self._operators:
            yield findings.Finding(
                path=path,
                what=f"the operator `{name}` is described a second time",
                why="only one of the two can be meant",
                next=f"describe it in one file, and write `operators: [{name}]` in the other",
            )
        elif hosts:
            yield findings.Finding(
                path=path,
                what=f"the operator `{name}` would live in the namespace `{namespace}`, which is that of {hosts[0]}",
                why="each makes its namespace, and takes it along when it goes",
                next="write another `namespace`",
            )
        elif namespace.startswith("kube-") or namespace in checks.RESERVED_NAMESPACES:
            yield findings.Finding(
                path=path,
                what=f"the operator `{name}` would live in the namespace `{namespace}`, which is somebody else's",
                why="what its release brings would meet what is there",
                next="write another `namespace`",
            )


def _operator_in(value: Any) -> set[str]:
    """The name of the operator that a declaration describes, which has problems itself."""
    own = value.get("operator") if isinstance(value, Mapping) else None
    name = own.get("name") if isinstance(own, Mapping) else None
    return {name} if isinstance(name, str) else set()


def _operators_of(service: declarations.Service) -> tuple[str, ...]:
    own = (service.operator.name,) if service.operator is not None else ()
    return tuple(dict.fromkeys((*own, *service.operators, *(("cert-manager",) if service.tls is not None else ()))))


def _images_of(service: declarations.Service) -> tuple[str, ...]:
    workload = (service.workload.image,) if service.workload is not None else ()
    backup = (service.backup.image, declarations.COPY_IMAGE) if service.backup is not None else ()
    probe = (declarations.PROBE_IMAGE,) if service.probe is not None and service.resource is not None else ()
    return (*workload, *backup, *probe, *service.images)


def _plays(service: declarations.Service, *, operator: model.Operator) -> Iterator[model.Play]:
    resource = service.resource
    if resource is not None and resource.rehearsal is not None:
        yield model.Play(
            operator=operator.name,
            namespace=operator.namespace,
            api_version=resource.api_version,
            kind=resource.kind,
            after=resource.rehearsal.after,
            status=resource.rehearsal.status,
            observes_generation=resource.observes_generation,
        )


def _programmed_plays(offered: Iterable[Any], rehearsals: Mapping[str, Any]) -> Iterator[model.Play]:
    for operator in offered:
        for kind in operator.kinds:
            if kind.kind in rehearsals:
                played = declarations.Rehearsal.model_validate(rehearsals[kind.kind])
                yield model.Play(
                    operator=operator.name,
                    namespace=operator.home,
                    api_version=kind.api_version,
                    kind=kind.kind,
                    after=played.after,
                    status=played.status,
                    observes_generation=kind.observes_generation,
                )


def _unknown_operators(service: model.Service, *, known: set[str]) -> Iterator[findings.Finding]:
    declared = service.declaration
    given: list[tuple[findings.Path, str]] = []
    if declared is not None:
        given += [(("operators", index), name) for index, name in enumerate(declared.operators)]
        own = declared.operator
        for key in ("requires", "conflicts") if own is not None else ():
            given += [(("operator", key, index), name) for index, name in enumerate(getattr(own, key))]
    else:
        given += [((), name) for name in service.operators]
    for path, name in given:
        if name not in known:
            yield findings.Finding(
                path=path,
                what=f"there is no operator `{name}`",
                why=f"there are {suggestions.listed(sorted(known))}",
                next=suggestions.correction(name, sorted(known)),
            )
