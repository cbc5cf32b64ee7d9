"""Runs Python code as a child of the engine that can neither outlive it nor show its secrets.

`python -P -u tether.py TARGET [ARGUMENT...]` runs a file, or with `-m` before it a module, as `__main__`.

Standard input is the tether. Its first line is a JSON object of environment variables: passed this way they stand in
no process list. After that it only has to stay open: when the engine is gone, however it died, the pipe closes, and
the whole process group ends with it. Works on every Unix, unlike a parent-death signal. Standard library only.

`tether.py --spare MODULE...` does not know its target yet: it loads the modules meanwhile, and the first line has the
`environment` and the `arguments`, which are the target and its arguments.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import runpy
import signal
import sys
import threading


def main(arguments: list[str]) -> None:
    """Take the environment, watch the tether, become the target."""
    tether = os.dup(0)
    with open(os.devnull, encoding="utf-8") as nothing:  # noqa: PTH123 - the import of pathlib costs more than all this
        os.dup2(nothing.fileno(), 0)
    # The project's folder comes first, as where a program is started by name, and this file's folder not at all.
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as above
    if arguments[0] == "--spare":
        for name in arguments[1:]:
            # Whatever is wrong with a module is told by the program, which imports it again.
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        line = _line(tether)
        if not line:
            return
        work = json.loads(line)
        environment, arguments = work["environment"], work["arguments"]
    else:
        environment = json.loads(_line(tether))
    os.environ.update(environment)
    threading.Thread(target=_follow, args=(tether,), daemon=True).start()
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


def _line(descriptor: int) -> bytes:
    parts = []
    while part := os.read(descriptor, 65536):
        parts.append(part)
        if part.endswith(b"\n"):
            break
    return b"".join(parts)


def _follow(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
