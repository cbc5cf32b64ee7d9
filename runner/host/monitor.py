"""Pulumi's ResourceMonitor service: translates between the program's requests and the deployment."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf import empty_pb2

from runner.engine import deployment, model, urn, values
from runner.host import hooks, requests, wire
from runner.host.protocol import resource_pb2, resource_pb2_grpc
from stacks import errors

_FEATURES: Final = {
    "secrets": resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    "outputValues": resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    "aliasSpecs": resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    "deletedWith": resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    "replaceWith": resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    "resourceHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
}
"""What the SDK may rely on. Without `resourceReferences` it sends ids instead, which is all that a provider wants."""

Context = grpc.aio.ServicerContext[Any, Any]
StackOutputs = Callable[[str], Awaitable[Mapping[str, Any]]]
"""The outputs of another stack by its name; secret ones as `values.Secret`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Facts:
    """What the program may ask about the run."""

    project: str
    stack: str
    preview: bool
    parallel: int
    config: Mapping[str, str]
    secret_keys: frozenset[str]


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """One program's counterpart."""

    def __init__(
        self, facts: Facts, *, run: deployment.Deployment, stack_outputs: StackOutputs, called: hooks.Hooks
    ) -> None:
        self._facts = facts
        self._deployment = run
        self._hooks = called
        self._stack_outputs = stack_outputs
        self.completed = False
        """Whether the program has said that it has registered everything. Its exit code alone does not say so: a
        program that ends itself half-way with 0 must not have the rest of its resources deleted."""

    async def GetDeploymentInfo(self, request: Any, context: Context) -> Any:
        """Answers the SDK's first call."""
        return resource_pb2.DeploymentInfo(
            project=self._facts.project,
            stack=self._facts.stack,
            organization="organization",
            config=self._facts.config,
            configSecretKeys=sorted(self._facts.secret_keys),
            dryRun=self._facts.preview,
            parallel=self._facts.parallel,
            supportedFeatures=_FEATURES.values(),
        )

    async def SupportsFeature(self, request: Any, context: Context) -> Any:
        """The older way to ask the same."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _FEATURES)

    async def RegisterResource(self, request: Any, context: Context) -> Any:
        """Make a resource real; a refusal is told once, as a diagnostic, and answered as a failed resource."""
        parent = self._deployment.parent(request.parent)
        if request.parent and parent is None:
            await _abort(context, f"the parent {request.parent} of {request.name} has not been registered")
        try:
            goal = requests.goal(request, project=self._facts.project, stack=self._facts.stack, parent=parent)
        except errors.PaasportError as error:
            answer = self._deployment.reject(self._unusable(request), error)
        else:
            answer = await self._deployment.register(goal)
        return resource_pb2.RegisterResourceResponse(
            urn=answer.urn,
            id=answer.id,
            object=wire.encoded(answer.outputs),
            result=resource_pb2.FAIL if answer.failed else resource_pb2.SUCCESS,
            unknown=answer.unknown,
        )

    def _unusable(self, request: Any) -> model.Goal:
        own_urn = urn.compose(
            stack=self._facts.stack,
            project=self._facts.project,
            parent=request.parent,
            type=request.type,
            name=request.name,
        )
        return model.Goal(
            urn=own_urn, type=request.type, name=request.name, custom=request.custom, inputs={}, parent=request.parent
        )

    async def RegisterResourceOutputs(self, request: Any, context: Context) -> Any:
        """What a component, or the program itself, gives as its outputs."""
        try:
            self._deployment.register_outputs(request.urn, wire.decoded(request.outputs))
        except errors.PaasportError as error:
            await _abort(context, str(error))
        return empty_pb2.Empty()

    async def ReadResource(self, request: Any, context: Context) -> Any:
        """`Resource.get`, and references to other stacks."""
        own_urn = urn.compose(
            stack=self._facts.stack,
            project=self._facts.project,
            parent=request.parent,
            type=request.type,
            name=request.name,
        )
        try:
            if request.type == "pulumi:pulumi:StackReference":
                answer = await self._other_stack(request, own_urn)
            else:
                answer = await self._existing(request, own_urn)
        except errors.PaasportError as error:
            await _abort(context, str(error))
        return resource_pb2.ReadResourceResponse(urn=own_urn, id=answer.id, properties=wire.encoded(answer.outputs))

    async def _existing(self, request: Any, own_urn: str) -> deployment.Answer:
        inputs = wire.decoded(request.properties)
        if request.id in wire.UNKNOWNS:
            return deployment.Answer(urn=own_urn, outputs=dict.fromkeys(inputs, values.UNKNOWN))
        parent = self._deployment.parent(request.parent)
        goal = model.Goal(
            urn=own_urn,
            type=request.type,
            name=request.name,
            custom=True,
            inputs=inputs,
            parent=request.parent,
            provider=request.provider or (parent.provider(request.type) if parent else ""),
            options=model.Options(additional_secret_outputs=tuple(request.additionalSecretOutputs)),
        )
        return await self._deployment.read(goal, id=request.id)

    async def _other_stack(self, request: Any, own_urn: str) -> deployment.Answer:
        name = request.id
        outputs = dict(await self._stack_outputs(name))
        secret = sorted(key for key, value in outputs.items() if values.contains_secret(value))
        properties = {"name": name, "outputs": outputs, "secretOutputNames": secret}
        return deployment.Answer(urn=own_urn, id=name, outputs=properties)

    async def Invoke(self, request: Any, context: Context) -> Any:
        """A function of a provider, or the engine's own look-up by URN. Where an argument is unknown, so is the answer.

        Secrecy is the SDK's business: it opens secret arguments and makes the answer secret.
        """
        response = resource_pb2.ResourceInvokeResponse()
        try:
            args = wire.decoded(request.args)
            if values.contains_unknown(args):
                response.unknown = True
                return response
            found = await self._answer(request, args)
        except errors.PaasportError as error:
            await _abort(context, str(error))
        getattr(response, "return").CopyFrom(wire.encoded(found))
        return response

    async def _answer(self, request: Any, args: Mapping[str, Any]) -> Mapping[str, Any]:
        if request.tok != "pulumi:pulumi:getResource":
            return await self._deployment.invoke(request.tok, args, provider=request.provider)
        answer = await self._deployment.lookup(str(args.get("urn")))
        return {"urn": answer.urn, "id": answer.id, "state": answer.outputs}

    async def RegisterResourceHook(self, request: Any, context: Context) -> Any:
        """A hook that resources name; which sorts of them there may be is judged with the resource."""
        try:
            self._hooks.register(request)
        except errors.PaasportError as error:
            await _abort(context, str(error))
        return empty_pb2.Empty()

    async def Call(self, request: Any, context: Context) -> Any:
        """A method of a remote component; the two that there are have none."""
        await _abort(context, f"the embedded engine does not implement the method {request.tok}; {_WAY_OUT}")

    async def RegisterPackage(self, request: Any, context: Context) -> Any:
        """A reference to a package; which one it is does not matter, as its resources name their package themselves."""
        if request.HasField("parameterization") or request.HasField("extension"):
            await _abort(
                context, f"the embedded engine does not implement parameterized packages ({request.name}); {_WAY_OUT}"
            )
        return resource_pb2.RegisterPackageResponse(ref=str(uuid.uuid4()))

    async def SignalAndWaitForShutdown(self, request: Any, context: Context) -> Any:
        """The program has registered everything. It need not wait: no hooks of it run during deletions."""
        self.completed = True
        return empty_pb2.Empty()


_WAY_OUT: Final = "remove it, or run the stack with --engine pulumi"


async def _abort(context: Context, message: str) -> None:
    """Fail the call; the SDK raises the message in the program. Never returns."""
    await context.abort(grpc.StatusCode.UNKNOWN, message)
