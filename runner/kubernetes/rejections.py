"""What the API server says when it refuses, as an error with the server's own reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from runner.kubernetes import secrecy
from stacks import errors


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cause:
    """One field that the API server objects to."""

    reason: str
    field: str
    message: str


class ApiRejected(errors.EngineError):
    """The API server refused a request, and said why."""

    def __init__(
        self,
        what: str,
        *,
        code: int,
        reason: str,
        message: str,
        causes: tuple[Cause, ...] = (),
        next: str = "",  # noqa: A002 - the word users read
    ) -> None:
        self.what = what
        self.code = code
        """The HTTP status."""
        self.reason = reason
        """Kubernetes' word for it, for example `NotFound`, `Conflict`, `Invalid`, `Forbidden`."""
        self.message = message
        self.causes = causes
        self.next = next
        super().__init__(errors.Problem(what=f"the API server refused {what}: {message}", next=next))

    def scrubbed(self, inputs: Any) -> ApiRejected:
        """The same error without the secrets of the object that was refused: API servers repeat invalid values."""
        return ApiRejected(
            self.what,
            code=self.code,
            reason=self.reason,
            message=secrecy.scrubbed(self.message, inputs=inputs),
            causes=tuple(
                dataclasses.replace(cause, message=secrecy.scrubbed(cause.message, inputs=inputs))
                for cause in self.causes
            ),
            next=self.next,
        )


def rejected(what: str, *, code: int, body: Mapping[str, Any]) -> ApiRejected:
    """The error for a `Status` answer to the request that `what` names."""
    details = body.get("details") or {}
    causes = tuple(
        Cause(
            reason=str(cause.get("reason") or ""),
            field=str(cause.get("field") or ""),
            message=str(cause.get("message") or ""),
        )
        for cause in details.get("causes") or ()
    )
    message = str(body.get("message") or f"HTTP status {code}").strip()
    return ApiRejected(
        what,
        code=code,
        reason=str(body.get("reason") or "Unknown"),
        message=message,
        causes=causes,
        next=_WEBHOOK if UNANSWERED in message else _NEXT.get(str(body.get("reason")), ""),
    )


UNANSWERED: Final = "failed calling webhook"
"""How the API server begins where a webhook could not be asked. What a webhook refuses itself begins otherwise."""
_WEBHOOK: Final = "see in the namespace of the webhook's Service why its pods do not answer, then run the same again"
_NEXT: Final = {
    "Forbidden": "grant the permission to whoever the kubeconfig says you are, or use another context",
    "NotFound": "have what is missing created first: let this depend on it",
    "Unauthorized": "log in anew with the vendor's command line",
}
