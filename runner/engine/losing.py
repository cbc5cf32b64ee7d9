"""Stands before deletions and replacements: nothing is lost for good unless somebody has named it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from runner.engine import events, journal, loss, model, providers
from stacks import errors

_NAMESPACE: Final = "kubernetes:core/v1:Namespace"


class Losses:
    """What one run would lose, and who has agreed to it."""

    def __init__(
        self,
        known_providers: providers.Providers,
        told: journal.Journal,
        *,
        agreed: Sequence[str],
        operation: str,
        preview: bool,
        asks: bool,
    ) -> None:
        """`agreed` are names of instances; `operation` is the command to repeat with more of them.

        Where somebody is going to be asked (`asks`), a loss is told as a warning instead of an error.
        """
        self.found: list[loss.Loss] = []
        """What nobody has agreed to lose."""
        self._providers = known_providers
        self._journal = told
        self._agreed = agreed
        self._operation = operation
        self._preview = preview
        self._asks = asks

    def tell_pointless(self, known: Iterable[model.Entry]) -> None:
        """Warn of names that nothing here has: no error, because a command may be repeated after it has succeeded."""
        if told := loss.pointless(known, agreed=self._agreed):
            self._journal.tell(events.Severity.WARNING, told)

    async def judged(self, doomed: Sequence[model.Entry]) -> bool:
        """Whether all of these may be deleted; if not, everything that would be lost has been told, at once."""
        spaces = {entry.id for entry in doomed if entry.type == _NAMESPACE}
        # What is protected is not deleted whoever agrees, and says so itself.
        at_risk = loss.at_risk([entry for entry in doomed if not entry.protect], agreed=self._agreed)
        found = [await self._described(entry, spaces=spaces) for entry in at_risk]
        known = loss.instances(doomed)
        # Not with a name that means nothing: repeated, it would look as if it did.
        self._tell(found, agreed=[name for name in self._agreed if name in known])
        return not found

    def refuse_replacement(self, goal: model.Goal) -> None:
        """Raise `Refused` where a replacement loses what nobody has agreed to lose; a preview only tells it."""
        loses, name = loss.remembered(goal.inputs)["loses"], loss.instance(goal.urn, parent=goal.parent)
        if not loses or name in self._agreed:
            return
        found = [loss.Loss(instance=name, urn=goal.urn, done="replaced", loses=loses, claims_known=False)]
        if self._preview:
            self._tell(found, agreed=self._agreed)
            return
        raise errors.Refused(*loss.problems(found, agreed=self._agreed, operation=self._operation))

    async def _described(self, entry: model.Entry, *, spaces: Collection[str]) -> loss.Loss:
        space = entry.id.rpartition("/")[0]
        found = loss.Loss(
            instance=loss.instance(entry.urn, parent=entry.parent),
            urn=entry.urn,
            done="deleted",
            loses=entry.loses,
            claims_stay=entry.keeps_claims and space not in spaces,
        )
        try:
            served = self._providers.of(entry.type, entry.provider)
            if isinstance(served, providers.Claiming):
                return dataclasses.replace(found, claims=await served.claims(space))
        except errors.PaasportError:
            # It is no less of a loss.
            pass
        return dataclasses.replace(found, claims_known=False)

    def _tell(self, found: Sequence[loss.Loss], *, agreed: Sequence[str]) -> None:
        severity = events.Severity.WARNING if self._asks else events.Severity.ERROR
        self.found += found
        self._journal.refused |= bool(found)
        told = loss.problems(found, agreed=agreed, operation=self._operation)
        for one, problem in zip(found, told, strict=True):
            self._journal.tell(severity, problem.render(), urn=one.urn)
