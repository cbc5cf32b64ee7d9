"""Makes a control plane's garbage collector learn at once of kinds that were added since it started."""

from __future__ import annotations

from typing import Final

from local import layout, processes

_PROGRAM: Final = "kube-controller-manager"
_SECONDS: Final = 1.0


def renew(control_plane: str) -> None:
    """End the control plane's controller manager; its supervisor starts it again, in about two seconds.

    It looks for new kinds every 30 s, and until then nothing that is of such a kind, or owned by it, can be deleted in
    the foreground: a rehearsal, which deletes what is not half a minute old, would mostly wait for that.
    """
    running = processes.below(layout.of(control_plane).cluster)
    processes.end([process for process in running if process.name == _PROGRAM], seconds=_SECONDS)
