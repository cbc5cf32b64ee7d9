"""A project folder with a home of its own, and the program run against a monitor that remembers what it was asked."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from google.protobuf import json_format
from pulumi.runtime import mocks, rpc
from pulumi.runtime import settings as pulumi_settings

from components.operators import sources

MIRROR = pathlib.Path(__file__).parent / "mirror"
KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: local, cluster: {server: "https://127.0.0.1:21000"}}]
users: [{name: local, user: {}}]
contexts: [{name: local, context: {cluster: local, user: local}}]
current-context: local
"""


@pytest.fixture
def project(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The working folder of a program; HOME, caches and the mirror of releases belong to this test alone."""
    for variable in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "GOMODCACHE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PAASPORT_MIRROR", str(MIRROR))
    monkeypatch.setattr(sources, "LOCK_FILE", MIRROR / "releases.lock.yaml")
    monkeypatch.setattr(sources, "_BEYOND_REACH", {})
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def control_plane_file(project: pathlib.Path) -> pathlib.Path:
    """The kubeconfig of a started control plane `local-dev`; there is one for each local stack."""
    folder = project.parent / "home/.local/share/paasport/control-planes"
    for name in ("local-dev", "local-iot", "local-prod"):
        (folder / name).mkdir(parents=True)
        (folder / name / "kubeconfig.yaml").write_text(KUBECONFIG)
    return folder / "local-dev" / "kubeconfig.yaml"


@dataclasses.dataclass(frozen=True)
class Registration:
    """One RegisterResource or ReadResource request, as far as tests look at it."""

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    raw: dict[str, Any]
    parent: str
    dependencies: frozenset[str]
    provider: str
    providers: dict[str, str]
    protect: bool
    remote: bool
    version: str
    custom: bool
    retained: bool
    replaced_with: frozenset[str]
    ignored: tuple[str, ...]
    deleted_with: str


@contextlib.contextmanager
def event_loop():
    """An event loop for this thread. Pulumi's mocks would open one wherever they find none, and leave it open."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


class BuiltIn(mocks.Mocks):
    """Pulumi's own resources as its engine answers them, all others as a test does."""

    def __init__(self, answers: mocks.Mocks) -> None:
        self._answers = answers

    def new_resource(self, args):
        if args.typ == "pulumi:index:Stash":
            return f"{args.name}-id", {**args.inputs, "output": args.inputs["input"]}
        if args.typ == "kubernetes:core/v1:Secret" and args.resource_id:
            identity, outputs = self._answers.new_resource(args)
            return identity, {**outputs, "data": outputs.get("data") or {"ca.crt": "UEVN"}}
        return self._answers.new_resource(args)

    def call(self, args):
        return self._answers.call(args)


class Monitor(mocks.MockMonitor):
    """Pulumi's mock monitor, with the requests kept."""

    def __init__(self, answers: mocks.Mocks) -> None:
        super().__init__(BuiltIn(answers))
        self.registrations: list[Registration] = []

    def RegisterResource(self, request):  # noqa: N802 - the name in the protocol
        with event_loop():
            answer = super().RegisterResource(request)
        self.registrations.append(
            Registration(
                urn=answer.urn,
                type=request.type,
                name=request.name,
                inputs=rpc.deserialize_properties(request.object),
                raw=json_format.MessageToDict(request.object),
                parent=request.parent,
                dependencies=frozenset(request.dependencies),
                provider=request.provider,
                providers=dict(request.providers),
                protect=request.protect,
                remote=request.remote,
                version=request.version,
                custom=request.custom,
                retained=request.retainOnDelete,
                replaced_with=frozenset(request.replace_with),
                ignored=tuple(request.ignoreChanges),
                deleted_with=request.deletedWith,
            )
        )
        return answer

    def Invoke(self, request):  # noqa: N802 - the name in the protocol
        with event_loop():
            return super().Invoke(request)

    def ReadResource(self, request):  # noqa: N802 - the name in the protocol
        with event_loop():
            return super().ReadResource(request)


class Answers(mocks.Mocks):
    def new_resource(self, args):
        if args.typ == "pulumi:pulumi:StackReference":
            outputs = {"kubeconfig": "text of another stack"}
            return args.name, {"name": args.name, "outputs": outputs, "secretOutputNames": []}
        return f"{args.name}-id", args.inputs

    def call(self, args):
        return {}


class Program:
    """What a program registered and exported."""

    def __init__(self, registrations: list[Registration], result: Any) -> None:
        self.registrations = [item for item in registrations if item.type != "pulumi:pulumi:Stack"]
        self.result = result

    def one(self, type_: str, name: str) -> Registration:
        (found,) = [item for item in self.registrations if (item.type, item.name) == (type_, name)]
        return found


@pytest.fixture
def run() -> Callable[[Callable[[], Any]], Program]:
    """Run a function as a Pulumi program; its Outputs come back resolved."""

    def run_program(
        function: Callable[[], Any], *, stack: str = "local-dev", answers: mocks.Mocks | None = None
    ) -> Program:
        monitor = Monitor(answers or Answers())
        result: list[Any] = []

        @mocks.test
        def program():
            return pulumi.Output.from_input(function()).apply(result.append)

        with event_loop():
            mocks.set_mocks(monitor.mocks, project="paasport", stack=stack, monitor=monitor)
            try:
                program()
            finally:
                pulumi_settings.reset_options()
        return Program(monitor.registrations, result[0])

    return run_program
