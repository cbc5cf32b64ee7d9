"""Pulumi's Engine service: the program's log messages, and its root resource."""

from __future__ import annotations

import re
from typing import Any, Final

import grpc.aio
from google.protobuf import empty_pb2

from runner.engine import events, journal
from runner.host.protocol import engine_pb2, engine_pb2_grpc

_SEVERITIES: Final = {
    engine_pb2.DEBUG: events.Severity.DEBUG,
    engine_pb2.INFO: events.Severity.INFO,
    engine_pb2.WARNING: events.Severity.WARNING,
    engine_pb2.ERROR: events.Severity.ERROR,
}
_UNADVERTISED: Final = re.compile(
    r"The Pulumi CLI does not support (?:the )?(?P<what>[^.]+)\. Please update the Pulumi CLI\."
)


class EngineService(engine_pb2_grpc.EngineServicer):
    """Passes messages on to the journal."""

    def __init__(self, told: journal.Journal) -> None:
        self._journal = told
        self._root = ""

    async def Log(self, request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        """A message of the program."""
        message = explained(request.message.rstrip("\n"))
        self._journal.tell(_SEVERITIES[request.severity], message, urn=request.urn)
        return empty_pb2.Empty()

    async def GetRootResource(self, request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        """The stack's URN."""
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    async def SetRootResource(self, request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        """The program has registered its stack."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    async def RequirePulumiVersion(self, request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        """The program wants some version of the CLI; this is none, and what it lacks it refuses by itself."""
        return engine_pb2.RequirePulumiVersionResponse()


def explained(message: str) -> str:
    """The SDK blames an old CLI for what the engine did not advertise; say what is really the case."""
    return _UNADVERTISED.sub(
        r"the embedded engine does not implement \g<what>; remove it, or run the stack with --engine pulumi", message
    )
