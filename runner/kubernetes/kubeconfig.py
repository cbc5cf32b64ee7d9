"""Reads a kubeconfig, given as a path or as its text, into what is needed to talk to one API server.

Reads files and nothing else: sockets are opened by `connection.py`, exec plugins are run by `credentials.py`. The
lightkube library was tried for this and not taken: it does not know exec plugins of `client.authentication.k8s.io/v1`,
which all vendors' kubeconfigs name today, and its import alone takes as long as a whole no-op request round.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import os
import pathlib
import urllib.parse
from collections.abc import Mapping
from typing import Any

import yaml

from stacks import errors

_TEXT = "the kubeconfig given as text"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExecPlugin:
    """A program that prints credentials, as `users[].user.exec` of a kubeconfig names it."""

    api_version: str
    """`client.authentication.k8s.io/v1` or `client.authentication.k8s.io/v1beta1`."""
    command: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    install_hint: str = ""
    provide_cluster_info: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class User:
    """Who the API server is told we are. Nothing in it may be shown."""

    token: str = dataclasses.field(default="", repr=False)
    token_file: pathlib.Path | None = None
    """Read again for every connection, because its token rotates."""
    username: str = ""
    password: str = dataclasses.field(default="", repr=False)
    certificate: bytes = dataclasses.field(default=b"", repr=False)
    """PEM."""
    key: bytes = dataclasses.field(default=b"", repr=False)
    """PEM."""
    plugin: ExecPlugin | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Access:
    """One API server and how to reach it, as one context of a kubeconfig says."""

    source: str
    """Path of the kubeconfig, or words for one that was given as text: for messages."""
    context: str
    server: str = dataclasses.field(repr=False)
    """URL as the kubeconfig gives it, which may hold a password: `address` is the one to show and to call."""
    user: User
    namespace: str = "default"
    authority: bytes = b""
    """PEM of the certificate authority; empty means the machine's own authorities."""
    insecure: bool = False
    """True where the server's certificate is not to be checked."""
    tls_server_name: str = ""
    proxy: str = dataclasses.field(default="", repr=False)
    """URL, which may hold a password."""

    @property
    def address(self) -> str:
        """The server's URL without user, query and fragment. Like kubectl's, requests go without the latter two."""
        parts = urllib.parse.urlsplit(self.server)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")

    @property
    def place(self) -> str:
        """Which kubeconfig and context: what a user needs to find the mistake."""
        return f"context {self.context!r} of {self.source}"

    @property
    def kubectl(self) -> str:
        """How a user calls kubectl on this cluster."""
        file = "" if self.source == _TEXT else f" --kubeconfig {self.source}"
        return f"kubectl{file} --context {self.context}"


def load(kubeconfig: str, *, context: str = "", cluster: str = "") -> Access:
    """The access that `kubeconfig` (a path, the text itself, or empty for `KUBECONFIG` and `~/.kube/config`) describes.

    `context` and `cluster` overrule what the kubeconfig has as current. Raises `UsageError` for anything missing.
    """
    config = _merged([_parsed(text, source=source, folder=folder) for text, source, folder in _sources(kubeconfig)])
    chosen = context or config.current
    if not chosen:
        raise _error(config.source, "it names no current context", next="kubectl config use-context NAME")
    bound = config.named("contexts", chosen, next=f"kubectl config get-contexts; known: {config.names('contexts')}")
    server_entry = config.named("clusters", cluster or str(bound.get("cluster", "")), next="add it under clusters:")
    user_name = str(bound.get("user", ""))
    user = config.named("users", user_name, next="add it under users:") if user_name else {}
    if not server_entry.get("server"):
        raise _error(config.source, f"the cluster of context {chosen!r} has no server", next="add its address")
    server = str(server_entry["server"]).rstrip("/")
    if not _is_address(server):
        # Not repeated: what is taken for a port may be half of a password.
        reason = f"the server of context {chosen!r} is not the URL of an API server"
        raise _error(config.source, reason, next="write it as https://HOST:PORT")
    return Access(
        source=config.source,
        context=chosen,
        server=server,
        user=_user(user, source=config.source),
        namespace=str(bound.get("namespace") or "default"),
        authority=_content(server_entry, "certificate-authority", source=config.source),
        insecure=bool(server_entry.get("insecure-skip-tls-verify", False)),
        tls_server_name=str(server_entry.get("tls-server-name") or ""),
        proxy=str(server_entry.get("proxy-url") or ""),
    )


def _is_address(server: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(server)
        # Asking for the port checks it.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Config:
    source: str
    current: str
    entries: Mapping[str, Mapping[str, Mapping[str, Any]]] = dataclasses.field(repr=False)

    def names(self, section: str) -> str:
        return ", ".join(sorted(self.entries[section])) or "none"

    def named(self, section: str, name: str, *, next: str) -> Mapping[str, Any]:  # noqa: A002 - the word users read
        if name not in self.entries[section]:
            raise _error(self.source, f"it has no entry {name!r} under {section}", next=next)
        return self.entries[section][name]


_SECTIONS = {"clusters": "cluster", "contexts": "context", "users": "user"}


def _sources(kubeconfig: str) -> list[tuple[str, str, pathlib.Path]]:
    """Text, name for messages, and the folder to which paths inside are relative."""
    if "\n" in kubeconfig or kubeconfig.lstrip().startswith("{"):
        return [(kubeconfig, _TEXT, pathlib.Path.cwd())]
    given = kubeconfig or os.environ.get("KUBECONFIG", "") or str(pathlib.Path.home() / ".kube" / "config")
    # KUBECONFIG may list several files; like kubectl, those that do not exist are passed over when others do.
    paths = [pathlib.Path(part).expanduser() for part in given.split(os.pathsep) if part]
    present = [path for path in paths if path.exists()] or paths[:1]
    return [(_read(path, what="the kubeconfig"), str(path), path.parent.absolute()) for path in present]


def _read(path: pathlib.Path, *, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise errors.UsageError.of(
            f"{what} {path} cannot be read: {reason}",
            why="without it there is no cluster to talk to",
            next="give the path of an existing kubeconfig, or set KUBECONFIG",
        ) from None


def _parsed(text: str, *, source: str, folder: pathlib.Path) -> _Config:
    try:
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - it is a safe loader
    except yaml.MarkedYAMLError as error:
        # The parser's own message quotes the line, which may hold a key: only the place is told.
        mark = error.problem_mark
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise _error(source, f"it is not YAML{place}", next="correct it or write it anew") from None
    if not isinstance(document, dict):
        raise _error(source, "it is not a kubeconfig", next="give the path of an existing kubeconfig")
    return _Config(
        source=source,
        current=str(document.get("current-context") or ""),
        entries={
            section: {
                str(item.get("name")): _absolute(item.get(key) or {}, folder=folder)
                for item in document.get(section) or []
                if isinstance(item, dict)
            }
            for section, key in _SECTIONS.items()
        },
    )


def _absolute(entry: Mapping[str, Any], *, folder: pathlib.Path) -> dict[str, Any]:
    """The entry with its file references, which are relative to the kubeconfig, made absolute."""
    keys = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
    paths: dict[str, Any] = {key: str(folder / str(entry[key])) for key in keys if entry.get(key)}
    plugin = entry.get("exec")
    if isinstance(plugin, dict) and os.sep in str(plugin.get("command", "")):
        paths["exec"] = {**plugin, "command": str(folder / plugin["command"])}
    return {**entry, **paths}


def _merged(configs: list[_Config]) -> _Config:
    """As kubectl merges: the first file that names something wins."""
    return _Config(
        source=os.pathsep.join(config.source for config in configs),
        current=next((config.current for config in configs if config.current), ""),
        entries={
            section: {name: entry for config in reversed(configs) for name, entry in config.entries[section].items()}
            for section in _SECTIONS
        },
    )


def _user(entry: Mapping[str, Any], *, source: str) -> User:
    if entry.get("auth-provider"):
        raise _error(
            source,
            "its user has an auth-provider, which Kubernetes removed in 1.26",
            next="let the vendor's command line write the kubeconfig anew; it names an exec plugin then",
        )
    return User(
        token=str(entry.get("token") or ""),
        token_file=pathlib.Path(entry["tokenFile"]) if entry.get("tokenFile") else None,
        username=str(entry.get("username") or ""),
        password=str(entry.get("password") or ""),
        certificate=_content(entry, "client-certificate", source=source),
        key=_content(entry, "client-key", source=source),
        plugin=_plugin(entry["exec"], source=source) if entry.get("exec") else None,
    )


def _plugin(entry: Mapping[str, Any], *, source: str) -> ExecPlugin:
    version = str(entry.get("apiVersion") or "")
    if version not in ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"):
        raise _error(
            source,
            f"its exec plugin speaks {version or 'no stated version'}, not client.authentication.k8s.io/v1 or v1beta1",
            next="let the vendor's command line write the kubeconfig anew",
        )
    return ExecPlugin(
        api_version=version,
        command=str(entry.get("command") or ""),
        arguments=tuple(str(argument) for argument in entry.get("args") or ()),
        environment={str(item["name"]): str(item["value"]) for item in entry.get("env") or ()},
        install_hint=" ".join(str(entry.get("installHint") or "").split()),
        provide_cluster_info=bool(entry.get("provideClusterInfo", False)),
    )


def _content(entry: Mapping[str, Any], key: str, *, source: str) -> bytes:
    """What stands inline as `<key>-data`, or in the file `<key>`; empty where neither is given."""
    data = entry.get(f"{key}-data")
    if data:
        try:
            return base64.b64decode(str(data), validate=True)
        except binascii.Error:
            raise _error(source, f"its {key}-data is not base64", next="write the kubeconfig anew") from None
    return _read(pathlib.Path(entry[key]), what=f"the {key} of {source},").encode() if entry.get(key) else b""


def _error(source: str, reason: str, *, next: str) -> errors.PaasportError:  # noqa: A002 - the word users read
    return errors.UsageError.of(
        f"the kubeconfig {source} cannot be used: {reason}".replace(f"the kubeconfig {_TEXT}", _TEXT),
        why="without it there is no cluster to talk to",
        next=next,
    )
