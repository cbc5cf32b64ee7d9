"""Resources of a cloud vendor in an account that is simulated on this machine: `model.Provider` over `local.simulated`.

Follows Pulumi's engine where that decides (ignored changes, replacement, its order, secrecy); what the vendor would say
is the account's to say. Never asks the vendor, so what it makes must always be shown as simulated.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from local.simulated import account as accounts
from local.simulated import outputs as answers
from local.simulated import values as plain
from runner import foretold, properties
from runner.engine import model, values
from stacks import errors

PACKAGES: Final = frozenset({"aws", "azure-native", "gcp"})
"""The packages whose resources can be simulated."""


class Provider:
    """One configured provider (region, project, subscription) of one account."""

    def __init__(self, account: accounts.Account, *, settings: Mapping[str, Any]) -> None:
        """`settings` are the inputs of the provider resource, secrets opened; by Pulumi's protocol all are texts."""
        self._account = account
        self._settings = {name: setting(value) for name, value in settings.items()}

    async def reconcile(
        self,
        goal: model.Goal,
        old: model.Entry | None,
        run: model.Run,
        *,
        outputs_needed: bool = True,  # noqa: ARG002 - an account in memory gives them for nothing
    ) -> model.Outcome:
        """See `model.Provider`. Raises `VendorRefused` with all that the vendor does not accept."""
        if goal.options.import_id:
            raise errors.Unsupported.of(
                f"a resource of a simulated vendor cannot be imported, as {goal.name} asks for",
                why="the simulated account is empty at first",
                next="run the stack with --engine pulumi",
            )
        live = self._live(old) if old is not None and old.id else None
        given = goal.inputs
        if old is not None:
            before = live.inputs if live else values.revealed(dict(old.inputs))
            given = properties.ignoring(given, before, goal.options.ignore_changes)
        checked = self._account.checked(goal.type, goal.name, _lowered(given), provider=self._settings)
        wanted = _Wanted(goal=goal, given=given, checked=checked)
        if old is None or live is None:
            outcome = await self._created(wanted, run, operation=model.Operation.CREATE)
            # Remembered, and yet not there: somebody has deleted it.
            return dataclasses.replace(outcome, drifted=old is not None and bool(old.id))
        return await self._compared(wanted, old, live, run)

    async def delete(self, entry: model.Entry, run: model.Run) -> None:
        """See `model.Provider`."""
        if not run.preview:
            async with _limited(entry.delete_timeout, f"the deletion of {entry.id}"):
                await self._account.delete(entry.type, entry.id)

    async def read(self, type: str, id: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:  # noqa: A002, ARG002
        """See `model.Provider`; the inputs are not needed."""
        found = self._account.read(type, id)
        return None if found is None else (found.id, {**found.inputs, **found.outputs})

    async def invoke(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer of one of the vendor's functions. Raises `VendorRefused`."""
        return await self._account.invoke(token, _lowered(args), provider=self._settings)

    def _live(self, old: model.Entry) -> plain.Resource | None:
        """The resource as it is. Its secrets are the inventory's to keep: an account's file has none."""
        found = self._account.read(old.type, old.id)
        if found is None:
            return None
        return dataclasses.replace(
            found,
            inputs=_with_secrets(found.inputs, old.inputs),
            outputs=_with_secrets(found.outputs, old.outputs),
        )

    async def _compared(self, wanted: _Wanted, old: model.Entry, live: plain.Resource, run: model.Run) -> model.Outcome:
        goal = wanted.goal
        difference = self._account.difference(goal.type, live.inputs, wanted.checked)
        changes = tuple(wanted.change(path, live.inputs) for path in difference.changed)
        asked = [path for path in difference.changed if properties.covers(goal.options.replace_on_changes, path)]
        if run.forced or difference.replaces or asked:
            forcing = {*difference.replaces, *asked}
            run.permit_replace((*run.forced, *(change for change in changes if change.path in forcing)))
            first = difference.delete_first or goal.options.delete_before_replace
            return await self._replaced(wanted, old, run, changes=(*run.forced, *changes), delete_first=first)
        if changes or old.pending:
            outcome = await self._updated(wanted, old, live, run, changes=changes)
        else:
            outcome = wanted.outcome(model.Operation.SAME, id=live.id, outputs=live.outputs)
        same_program = not self._account.difference(
            goal.type, values.revealed(dict(old.inputs)), wanted.checked
        ).changed
        return dataclasses.replace(outcome, drifted=bool(changes) and same_program)

    async def _created(
        self,
        wanted: _Wanted,
        run: model.Run,
        *,
        operation: model.Operation,
        changes: tuple[model.FieldChange, ...] = (),
    ) -> model.Outcome:
        goal = wanted.goal
        if run.preview:
            state = foretold.outputs(goal.type, wanted.checked)
            return wanted.outcome(operation, id="", outputs=state, changes=changes)
        await run.intend(wanted.entry(id=""))
        async with _limited(goal.options.create_timeout, f"the creation of {goal.name}"):
            made = await self._account.create(
                goal.type, goal.name, wanted.checked, provider=self._settings, secret_paths=wanted.secret_paths
            )
        # The account may have given it another made-up name, beside that of its predecessor.
        named = dataclasses.replace(wanted, checked=dict(made.inputs))
        return named.outcome(operation, id=made.id, outputs=made.outputs, changes=changes)

    async def _updated(
        self,
        wanted: _Wanted,
        old: model.Entry,
        live: plain.Resource,
        run: model.Run,
        *,
        changes: tuple[model.FieldChange, ...],
    ) -> model.Outcome:
        if run.preview:
            return wanted.outcome(
                model.Operation.UPDATE,
                id=live.id,
                outputs=answers.merged(live.outputs, wanted.checked),
                changes=changes,
            )
        # The old inputs stay until the update has succeeded, so that a killed run's successor sees the difference.
        await run.intend(dataclasses.replace(old, pending=True))
        async with _limited(wanted.goal.options.update_timeout, f"the update of {wanted.goal.name}"):
            made = await self._account.update(old.type, old.id, wanted.checked, secret_paths=wanted.secret_paths)
        return wanted.outcome(model.Operation.UPDATE, id=made.id, outputs=made.outputs, changes=changes)

    async def _replaced(
        self,
        wanted: _Wanted,
        old: model.Entry,
        run: model.Run,
        *,
        changes: tuple[model.FieldChange, ...],
        delete_first: bool,
    ) -> model.Outcome:
        gone = delete_first and not old.retain_on_delete
        if gone and not run.preview:
            await run.intend(dataclasses.replace(old, pending=True))
            await self.delete(old, run)
        outcome = await self._created(wanted, run, operation=model.Operation.REPLACE, changes=changes)
        return dataclasses.replace(outcome, superseded=None if gone else old)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Wanted:
    goal: model.Goal
    given: Mapping[str, Any]
    """The program's inputs with the ignored ones as they are, secrets and unknown values marked."""
    checked: dict[str, Any]
    """As the account has checked and completed them, secrets opened."""

    @property
    def secret_paths(self) -> tuple[str, ...]:
        """What the account must not write to its file."""
        return (*properties.secret_paths(self.given), *self.goal.options.additional_secret_outputs)

    def shown(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """State with the engine's markers: unknown as in the account, secret as in the program's inputs."""
        hidden = properties.with_secrecy(_raised(dict(state)), self.given)
        extra = {name: _secret(hidden[name]) for name in self.goal.options.additional_secret_outputs if name in hidden}
        return {**hidden, **extra}

    def change(self, path: str, before: Mapping[str, Any]) -> model.FieldChange:
        """How one property differs, masked."""
        old, new = (properties.at(self.shown(tree), path) for tree in (before, self.checked))
        return model.FieldChange(path=path, before=values.masked(old), after=values.masked(new))

    def entry(self, *, id: str) -> model.Entry:  # noqa: A002 - Pulumi's word
        return model.Entry(urn=self.goal.urn, type=self.goal.type, id=id, custom=True, inputs=self.shown(self.checked))

    def outcome(
        self,
        operation: model.Operation,
        *,
        id: str,  # noqa: A002 - Pulumi's word
        outputs: Mapping[str, Any],
        changes: tuple[model.FieldChange, ...] = (),
    ) -> model.Outcome:
        """In a preview what only the vendor could tell is left out, which the SDK takes for unknown."""
        inputs, state = self.shown(self.checked), self.shown(outputs)
        return model.Outcome(
            operation=operation,
            id=id,
            outputs={**inputs, **state},
            changes=changes,
            at_rest=operation is model.Operation.SAME,
            kept_inputs=inputs,
            kept_outputs=state,
        )


def setting(value: Any) -> Any:
    """A provider's setting as what it was before it became a text: lists, mappings and truth values travel as JSON."""
    if isinstance(value, str) and (value[:1] in ("{", "[") or value in ("true", "false")):
        with contextlib.suppress(ValueError):
            return json.loads(value)
    return _lowered(value)


def _lowered(value: Any) -> Any:
    """A value for the account: secrets opened, its own marker for what is unknown."""
    if isinstance(value, values.Secret):
        return _lowered(value.value)
    if value is values.UNKNOWN:
        return plain.UNKNOWN
    if isinstance(value, Mapping):
        return {key: _lowered(item) for key, item in value.items()}
    return [_lowered(item) for item in value] if isinstance(value, list | tuple) else value


def _raised(value: Any) -> Any:
    """A value of the account's with the engine's marker for what is unknown."""
    if value is plain.UNKNOWN:
        return values.UNKNOWN
    if isinstance(value, Mapping):
        return {key: _raised(item) for key, item in value.items()}
    return [_raised(item) for item in value] if isinstance(value, list | tuple) else value


def _with_secrets(state: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    return properties.ignoring(state, values.revealed(dict(kept)), tuple(properties.secret_paths(kept)))


def _secret(value: Any) -> Any:
    return value if isinstance(value, values.Secret) or value is values.UNKNOWN else values.Secret(value)


@contextlib.asynccontextmanager
async def _limited(seconds: float | None, what: str) -> AsyncIterator[None]:
    """With the resource's own time limit, where the program has set one."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise errors.VendorRefused.of(
            f"{what} took longer than its custom timeout of {seconds:g} s", next="give it more time, or try again"
        ) from None
