"""The gRPC server that the program talks to, on this machine's loopback only."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import grpc.aio

from runner.host import engine_service, monitor
from runner.host.protocol import CHANNEL_OPTIONS, engine_pb2_grpc, resource_pb2_grpc


@contextlib.asynccontextmanager
async def serving(resource_monitor: monitor.Monitor, engine: engine_service.EngineService) -> AsyncIterator[str]:
    """The address of a server of both services, on a free port."""
    server = grpc.aio.server(options=CHANNEL_OPTIONS)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(resource_monitor, server)
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
