"""Stack files: read, decrypted and judged, with every problem at its line.

What the settings mean is in `settings.py`, which is imported only once a file is judged, because every command imports
this module.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import pathlib
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from stacks import confidential, configuration, errors, findings, passphrase, sources, unknown

if typing.TYPE_CHECKING:
    from stacks import neighbours, settings

TEXT_VARIABLE: Final = "PULUMI_CONFIG_PASSPHRASE"
"""The environment variable that has the passphrase."""
FILE_VARIABLE: Final = "PULUMI_CONFIG_PASSPHRASE_FILE"
"""The environment variable that names a file with the passphrase; asked where the other is not set."""
PASSPHRASE_PROVIDERS: Final = ("passphrase", "default", "", None)
"""The values of `secretsprovider` that mean a passphrase where state is not kept in Pulumi's own service."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StackFile:
    """A stack as its file describes it, valid and decrypted."""

    stack: str
    path: pathlib.Path
    config: Mapping[str, Any] = dataclasses.field(repr=False)
    """Values by `namespace:name`, the project's defaults included, secrets in plain: never to be shown."""
    secret_keys: frozenset[str]
    """The keys of `config` whose value is or contains a secret."""
    settings: settings.Settings

    def program_config(self) -> dict[str, str]:
        """What PULUMI_CONFIG carries: every value as text, objects as JSON. Never to be shown."""
        return {key: configuration.text(value) for key, value in self.config.items()}


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Judged:
    """What a file says."""

    wanted: settings.Settings | None
    """None where anything is wrong."""
    cluster: settings.Cluster | None
    """As far as it is right; what is wrong in it is `unknown`."""
    problems: tuple[errors.Problem, ...]


def names(root: pathlib.Path) -> list[str]:
    """The stacks that have a file, sorted. Raises UsageError where `root` has no project file."""
    return list(sources.project(root).stacks)


def read(root: pathlib.Path, stack: str, *, passphrase: Callable[[], str | None]) -> StackFile:
    """The stack's file. `passphrase` is asked only where the file has an encrypted value.

    Raises StackFileError with every problem of the file, and UsageError where there is no such stack.
    """
    source = sources.source(sources.project(root), stack)
    problems = [*source.problems, *_refusals(source)]
    opener: configuration.Opener = _accept
    if source.secrets and not problems:
        opener, complaints = _unlocked(source, passphrase)
        problems += complaints
    config, damaged = _opened(source, opener)
    judged = _judged(source, config)
    problems += [*damaged, *judged.problems]
    if problems or judged.wanted is None:
        raise errors.StackFileError(*_in_order(problems))
    secret_keys = frozenset(str(path[0]) for path in source.secrets)
    return StackFile(stack=stack, path=source.path, config=config, secret_keys=secret_keys, settings=judged.wanted)


def inspect(root: pathlib.Path, stack: str, *, today: dt.date | None = None) -> settings.Settings:
    """The stack's settings for whoever only looks: needs no passphrase, and reads what only Pulumi's CLI can deploy.

    Secrets in it are stand-ins. Support is judged for `today`, and not at all where that is None.
    Raises StackFileError with every problem of the file, and UsageError where there is no such stack.
    """
    judged = _inspected(sources.source(sources.project(root), stack), today=today)
    if judged.problems or judged.wanted is None:
        raise errors.StackFileError(*judged.problems)
    return judged.wanted


def check(root: pathlib.Path, stack: str, *, today: dt.date | None = None) -> tuple[errors.Problem, ...]:
    """Every problem of the stack's file that can be seen without a passphrase and for either engine.

    Unlike `read`, it also says that a Kubernetes minor is out of support on the day `today`, by default this one: it
    runs on every change, while a deployment that repairs something must not fail because a date has passed.
    Raises UsageError where there is no such stack.
    """
    project = sources.project(root)
    try:
        source = sources.source(project, stack)
    except errors.StackFileError as error:
        return error.problems
    judged = _inspected(source, today=today or dt.datetime.now(dt.UTC).date())
    return _in_order((*judged.problems, *_collisions(project, source, judged)))


def passphrase_from_environment(environ: Mapping[str, str]) -> str | None:
    """The passphrase that Pulumi's two variables give, None where neither does.

    Raises UsageError where the file that one of them names cannot be read.
    """
    given = environ.get(TEXT_VARIABLE)
    file = environ.get(FILE_VARIABLE)
    if given is not None or not file:
        return given
    try:
        return pathlib.Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text in UTF-8"
        raise errors.UsageError.of(
            f"the passphrase file {file} cannot be read: {reason}",
            why=f"{FILE_VARIABLE} names it, and encrypted values of stack files are read with it",
            next=f"write the file, or unset {FILE_VARIABLE}",
        ) from None


def _refusals(source: sources.Source) -> Iterator[errors.Problem]:
    """What Pulumi's CLI can do with a stack file and the embedded engine cannot."""
    advice = f"use Pulumi's own CLI: ./paasport up {source.stack} --engine pulumi"
    if source.outer.get("secretsprovider") not in PASSPHRASE_PROVIDERS or "encryptedkey" in source.outer:
        yield source.problem(
            "the embedded engine reads no secrets of a cloud's key service",
            at=("secretsprovider",) if "secretsprovider" in source.outer else ("encryptedkey",),
            why="only values encrypted with a passphrase can be read without a vendor's API",
            next=advice,
        )
    if source.outer.get("environment"):
        yield source.problem(
            "the embedded engine knows no Pulumi ESC environments",
            at=("environment",),
            why="the configuration that they add would be missing without notice",
            next=advice,
        )


def _unlocked(
    source: sources.Source, ask: Callable[[], str | None]
) -> tuple[configuration.Opener, tuple[errors.Problem, ...]]:
    """What opens the file's secrets, or why nothing does."""
    salt = source.outer.get(sources.SALT)
    if not isinstance(salt, str):
        return _accept, (_without_salt(source),)
    given = ask()
    if given is None:
        return _accept, (_without_passphrase(source),)
    try:
        key = passphrase.Passphrase(salt, passphrase=given)
        key.check()
    except errors.UsageError as error:
        return _accept, tuple(_placed(error, source, source.document.locate((sources.SALT,))))
    return lambda _path, sealed: confidential.Confidential(key.decrypt(sealed)), ()


def _accept(_path: findings.Path, _ciphertext: str) -> confidential.Confidential:
    """Stand in for a secret that is not opened: it is there, which is all that is known."""
    return confidential.Confidential("encrypted")


def _opened(source: sources.Source, opener: configuration.Opener) -> tuple[dict[str, Any], list[errors.Problem]]:
    """The configuration with its secrets opened, and the problems of those that could not be."""
    problems: list[errors.Problem] = []

    def open_or_complain(path: findings.Path, ciphertext: str) -> Any:
        try:
            return opener(path, ciphertext)
        except errors.UsageError as error:
            subject = f"`{findings.spelled(path)}`: "
            problems.extend(_placed(error, source, source.locate(path), subject=subject))
            return _accept(path, ciphertext)

    config = {key: configuration.opened(value, open_or_complain, path=(key,)) for key, value in source.config.items()}
    return config, problems


def _collisions(project: sources.Project, source: sources.Source, judged: _Judged) -> tuple[errors.Problem, ...]:
    """Where the cluster of another stack is the same one, and what only one of the two can have on it."""
    from stacks import neighbours, settings  # noqa: PLC0415 - as in `_judged`

    cluster, path = judged.cluster, (settings.CLUSTER_KEY,)
    own = unknown.attempt(lambda: neighbours.identity(cluster, stack=source.stack) if cluster is not None else None)
    others = {
        other: _neighbour(project.root, other, path.stat().st_mtime_ns)
        for other, path in project.stacks.items()
        if other != source.stack
    }
    found: list[findings.Finding] = []
    if not unknown.inside(own):
        found += neighbours.collisions(own, {name: other.identity for name, other in others.items()}, path=path)
    if judged.wanted is not None:
        tenants = {name: other.tenant for name, other in others.items()}
        among = neighbours.tenants({source.stack: neighbours.tenant(judged.wanted, stack=source.stack), **tenants})
        found += neighbours.crowding(source.stack, among=among, cluster=path, services=(settings.SERVICES_KEY,))
    return findings.problems(found, locate=source.locate, file=source.file)


@functools.lru_cache(maxsize=256)
def _neighbour(root: pathlib.Path, stack: str, _changed: int) -> neighbours.Neighbour:
    """What another stack must not be or want too; nothing where its file has problems, which its own check tells."""
    from stacks import neighbours  # noqa: PLC0415 - as in `_judged`

    try:
        judged = _inspected(sources.source(sources.project(root), stack), today=None, with_catalogue=False)
    except errors.UsageError:
        return neighbours.Neighbour()
    if judged.problems or judged.cluster is None:
        return neighbours.Neighbour()
    return neighbours.Neighbour(
        identity=neighbours.identity(judged.cluster, stack=stack),
        tenant=neighbours.tenant(judged.wanted, stack=stack) if judged.wanted else None,
    )


def _inspected(source: sources.Source, *, today: dt.date | None, with_catalogue: bool = True) -> _Judged:
    """The source judged as it stands, its secrets unopened, and with the problems of its outer shape."""
    config, _ = _opened(source, _accept)
    judged = _judged(source, config, today=today, with_catalogue=with_catalogue)
    return dataclasses.replace(judged, problems=_in_order((*source.problems, *judged.problems)))


def _judged(
    source: sources.Source, config: Mapping[str, Any], *, today: dt.date | None = None, with_catalogue: bool = True
) -> _Judged:
    """The settings, and what is wrong with them, encryption included.

    Without its catalogue, whose Python runs for the stack that names it and for no other, services of that are unknown.
    """
    from stacks import checks, settings  # noqa: PLC0415 - they bring pydantic, 0.2 s that only a file is worth

    path = (settings.CLUSTER_KEY,)
    wrong = list(checks.of_encryption(config, sealed=source.secrets, secret=settings.SECRET_PATHS))
    # Of what is encrypted and must not be, as of what the file does not really say, nothing else can be said.
    sealed = (finding.path for finding in wrong if finding.path in source.secrets)
    read = functools.reduce(unknown.put, (*source.unread, *sealed), config)
    catalogue = settings.outside_of(read, root=source.root) if with_catalogue else settings.UNREAD_CATALOGUE
    judged = settings.judge(read, today=today, catalogue=catalogue)
    found = [*wrong, *judged.found]
    if judged.cluster is not None:
        found += unknown.as_far_as_known(checks.of_stack_name(source.stack, cluster=judged.cluster, path=path))
    return _Judged(
        wanted=None if found or source.unread else judged.settings,
        cluster=judged.cluster,
        problems=(*catalogue.problems, *findings.problems(found, locate=source.locate, file=source.file)),
    )


def _without_salt(source: sources.Source) -> errors.Problem:
    return source.problem(
        f"the file has encrypted values, but no `{sources.SALT}`",
        at=("config",),
        why="values can be read only together with the salt that they were encrypted with",
        next=f"restore the line `{sources.SALT}: ...`, or set the values again with `pulumi config set --secret`",
    )


def _without_passphrase(source: sources.Source) -> errors.Problem:
    first = min(source.secrets, key=source.locate)
    line, column = source.locate(first)
    return errors.Problem(
        what=f"`{findings.spelled(first)}` is encrypted, and no passphrase is given",
        why="without it the stack's configuration cannot be read",
        next=f"set {TEXT_VARIABLE}, or {FILE_VARIABLE} to the file that has it",
        file=source.file,
        line=line,
        column=column,
    )


def _placed(
    error: errors.PaasportError, source: sources.Source, place: tuple[int, int], *, subject: str = ""
) -> Iterator[errors.Problem]:
    line, column = place
    for problem in error.problems:
        what = f"{subject}{problem.what}"
        yield dataclasses.replace(problem, what=what, file=source.file, line=line, column=column)


def _in_order(problems: Iterable[errors.Problem]) -> tuple[errors.Problem, ...]:
    """By file and line. A stack has problems in files of its catalogue, too."""
    return tuple(sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column, problem.what)))
