"""The loop: look at the cluster, delete what is due, wait, until nothing holds on to the vendor any more."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import yaml

from components.clusters.drain_guard import api, login, objects, plan, texts, volumes
from stacks import errors, resolution

SKIP: Final = "PAASPORT_SKIP_DRAIN"
"""Environment variable: the name of a guard whose cluster the user says is gone. Without effect while it answers."""
_FIRST_CONTACT_SECONDS: Final = 30.0
_PAUSE_SECONDS: Final = 2.0
_SHORT_PAUSE_SECONDS: Final = 0.5
_EAGER_SECONDS: Final = 10.0
"""So long it looks often: what hangs on nothing at the vendor goes at once, and several waves follow each other."""
_QUIET_SECONDS: Final = 30.0
"""Between two lines that say the same."""
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403

Say = Callable[[str], None]


class Cluster(Protocol):
    """What draining needs of a cluster; see `api.Cluster`."""

    def snapshot(self, kinds: tuple[objects.Kind, ...]) -> Mapping[objects.Kind, list[objects.Manifest]]:
        """All objects of these kinds."""

    def delete(self, reference: objects.Reference) -> None:
        """Delete this object and no other of its name."""


class Clock:
    """The time; tests have their own."""

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)


def run(guard: str, *, kubeconfig: str, drain: resolution.Drain, say: Say) -> None:
    """Drain the cluster of this kubeconfig. Raises `PaasportError` of one line when it stops before the end."""
    config = yaml.safe_load(kubeconfig)
    Draining(guard, cluster=api.Cluster(config), server=login.server(config), drain=drain, say=say).work()


class Draining:
    """One attempt. What it remembers serves its messages only, so that the next attempt continues without it."""

    def __init__(
        self,
        guard: str,
        *,
        cluster: Cluster,
        server: str,
        drain: resolution.Drain,
        say: Say,
        clock: Clock | None = None,
    ) -> None:
        self._guard = guard
        self._cluster = cluster
        self._server = server
        self._drain = drain
        self._say = say
        self._clock = clock or Clock()
        self._refusals: dict[objects.Reference, str] = {}
        self._deleted: dict[tuple[str, str], set[str]] = {}
        self._made_again: Counter[tuple[str, str]] = Counter()
        self._said: tuple[str, float] = ("", 0.0)

    def work(self) -> None:
        """See `run`."""
        is_to_skip = os.environ.get(SKIP) == self._guard
        try:
            seen = self._look(until=self._clock.now() + (0 if is_to_skip else _FIRST_CONTACT_SECONDS))
        except _Unanswered as unanswered:
            if not is_to_skip:
                raise self._not_reached(unanswered) from None
            self._say(texts.skipped(self._guard, reason=str(unanswered)))
            return
        if is_to_skip:
            self._say(texts.not_skipped(self._guard, variable=SKIP))
        self._refuse(seen)
        try:
            self._empty(seen)
        except _Unanswered as unanswered:
            raise self._not_reached(unanswered) from None

    def _empty(self, seen: objects.Snapshot) -> None:
        begun = self._clock.now()
        limit = self._drain.minutes * 60
        while (step := self._stepped(seen)).waiting:
            seconds = self._clock.now() - begun
            self._report(step, seconds=seconds)
            if seconds >= limit:
                raise self._timed_out(step, seen)
            self._clock.sleep(_SHORT_PAUSE_SECONDS if seconds < _EAGER_SECONDS else _PAUSE_SECONDS)
            seen = self._look(until=begun + limit)
        self._summarize(seen)

    def _look(self, *, until: float) -> objects.Snapshot:
        """All that matters, as it is now. A cluster that does not answer is asked again, `until` then."""
        while True:
            try:
                return self._cluster.snapshot(plan.kinds(self._drain))
            except (api.Unreachable, login.LoginFailed) as error:
                if self._clock.now() >= until:
                    raise _Unanswered(str(error)) from None
            except api.Refused as refused:
                if refused.code == _UNAUTHORIZED:
                    raise texts.not_accepted(self._guard, self._server, said=str(refused)) from None
                raise texts.forbidden(self._guard, "list", "what it has", said=str(refused)) from None
            self._clock.sleep(_PAUSE_SECONDS)

    def _not_reached(self, unanswered: _Unanswered) -> errors.PaasportError:
        return texts.not_reached(self._guard, self._server, reason=str(unanswered), variable=SKIP)

    def _refuse(self, seen: objects.Snapshot) -> None:
        """Stop before anything is deleted, where that is the right thing."""
        if classes := plan.stack_s_own(seen):
            raise texts.still_in_use(self._guard, classes)
        budgets = plan.blocking_budgets(seen)
        if budgets and self._drain.disruption_budgets == "respect":
            raise texts.budgets_block(self._guard, budgets)

    def _stepped(self, seen: objects.Snapshot) -> plan.Step:
        step = plan.step(seen, self._drain)
        for reference in step.delete:
            self._delete(reference)
        return step

    def _delete(self, reference: objects.Reference) -> None:
        key = (reference.kind, reference.label)
        uids = self._deleted.setdefault(key, set())
        if uids and reference.uid not in uids:
            self._made_again[key] += 1
        uids.add(reference.uid)
        try:
            self._cluster.delete(reference)
        except api.Refused as refused:
            if refused.code == _FORBIDDEN:
                raise texts.forbidden(self._guard, "delete", reference.label, said=str(refused)) from None
            self._refusals[reference] = str(refused)
        except (api.Unreachable, login.LoginFailed) as error:
            self._refusals[reference] = str(error)
        else:
            self._refusals.pop(reference, None)

    def _report(self, step: plan.Step, *, seconds: float) -> None:
        what = f"{step.wave} {sorted(held.reference.label for held in step.waiting)}"
        if what == self._said[0] and seconds - self._said[1] < _QUIET_SECONDS:
            return
        self._said = (what, seconds)
        self._say(texts.progress(self._guard, step, seconds=seconds, limit=self._drain.minutes * 60))

    def _timed_out(self, step: plan.Step, seen: objects.Snapshot) -> errors.PaasportError:
        for held in step.waiting:
            self._say(f"{self._guard}: still there: {self._described(held)}")
        return texts.timed_out(
            self._guard,
            step,
            minutes=self._drain.minutes,
            there=[self._described(held) for held in step.waiting],
            budgets=plan.blocking_budgets(seen),
        )

    def _described(self, held: plan.Held) -> str:
        return texts.described(
            held,
            refusal=self._refusals.get(held.reference, ""),
            made_again=self._made_again[held.reference.kind, held.reference.label],
        )

    def _summarize(self, seen: objects.Snapshot) -> None:
        """Say what stays, so that nothing stays without being told."""
        for volume, reason in volumes.kept(seen, self._drain):
            self._say(texts.kept_volume(self._guard, volume, reason=reason))
        for content in objects.of(seen, objects.SNAPSHOT_CONTENT):
            self._say(texts.kept_snapshot(self._guard, content))
        if left := plan.left_to_the_vendor(seen):
            self._say(texts.left(self._guard, left))
        self._say(f"{self._guard}: the cluster holds nothing at its vendor any more but what is said to be kept")


class _Unanswered(Exception):
    """The cluster did not answer for as long as it was asked; the text says how that showed."""
