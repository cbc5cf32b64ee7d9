"""How long a refused request is tried again: while what it needs may still be coming in the same run. Pure.

Pulumi's own provider tries again for a namespace or a kind that is missing, and never for a webhook (await.go,
`Creation`, v4.32): operators' webhook configurations are therefore awaited by `pulumi.com/waitFor`
(components/operators/webhooks.py). Here the call itself is tried again too, because an authority that is known does not
mean that the pods are reached.
"""

from __future__ import annotations

from typing import Final

from runner.kubernetes import rejections

MISSING: Final = (0.3, 0.7, 1.5, 3.0, 6.0, 10.0, 10.0)
"""Seconds between tries while a namespace or a kind is not there yet."""
WEBHOOK: Final = (0.3, 0.7, 1.5, 3.0, 6.0, *(10.0,) * 11)
"""Seconds between tries while a webhook does not answer: two minutes, for pods that start anew and new certificates."""
_NOT_FOUND: Final = 404


def delays(error: rejections.ApiRejected) -> tuple[float, ...]:
    """Seconds before each further try; none where trying again is of no use."""
    if unanswered(error):
        return WEBHOOK
    return MISSING if error.code == _NOT_FOUND else ()


def unanswered(error: rejections.ApiRejected) -> bool:
    """Whether a webhook could not be asked."""
    return rejections.UNANSWERED in error.message
