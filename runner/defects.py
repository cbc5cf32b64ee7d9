"""Writes down what nobody foresaw, for a report; the screen shows one line instead.

A traceback holds code and messages, no local variables, so no value of a stack file gets into the log by itself. The
file is readable by its owner only, since a message of a foreign library may still say too much.
"""

from __future__ import annotations

import datetime as dt
import os
import pathlib
import platform
import traceback

from stacks import locations


def record(error: BaseException) -> pathlib.Path | None:
    """The log file with the traceback; None where it cannot be written, which must not hide the defect itself."""
    now = dt.datetime.now(dt.UTC)
    path = locations.cache_folder() / "logs" / f"defect-{now:%Y%m%dT%H%M%S}-{os.getpid()}.log"
    head = f"{now.isoformat()}  Python {platform.python_version()}  {platform.platform()}\n\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(head + "".join(traceback.format_exception(error)))
    except OSError:
        return None
    return path
