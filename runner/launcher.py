"""Runs a Pulumi program the way Pulumi's own language host does, against the engine whose addresses it is given.

Started by `runner.host.program` in the program's own process. Imports nothing of this project: what runs here is the
user's program, under the installed Pulumi SDK, with nothing else in its way. Semantics are those of
`pulumi-language-python-exec` of pulumi/pulumi, which no package registry carries.
"""

from __future__ import annotations

import argparse
import asyncio
import concurrent.futures
import logging
import os
import runpy
import sys
import traceback

import pulumi
import pulumi.runtime

SUCCESS = 0
FAILED = 1
"""The program ended itself with `pulumi.RunError`, whose message has been shown."""
BAILED = 32
"""The program raised anything else, which has been shown with its traceback."""
_THREADS_PER_OPERATION = 4


def main() -> int:
    """Run the program named on the command line; the process's exit code."""
    arguments = _arguments()
    configuration = pulumi.runtime.get_config_env()
    pulumi.runtime.set_all_config(configuration, pulumi.runtime.get_config_secret_keys_env())
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=arguments.project,
            stack=arguments.stack,
            monitor=arguments.monitor,
            engine=arguments.engine,
            parallel=arguments.parallel,
            dry_run=arguments.dry_run == "true",
            organization="organization",
            root_directory=arguments.root,
        )
    )
    sys.argv = [arguments.root]
    os.chdir(arguments.root)
    if arguments.root not in sys.path:
        sys.path.insert(0, arguments.root)
    # The SDK tells the engine of each step of each resource and waits for the answer; this engine shows none of it.
    pulumi.log.debug = _unheard
    # A program that fails leaves unfinished futures behind by design; asyncio's complaints about them help nobody.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    return _run(arguments.root, threads=max(arguments.parallel, 1) * _THREADS_PER_OPERATION)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="launcher", description="Run a Pulumi program against an engine.")
    for name in ("monitor", "engine", "project", "stack", "root"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--dry-run", choices=("true", "false"), default="false")
    parser.add_argument("--parallel", type=int, default=16)
    return parser.parse_args()


def _run(root: str, *, threads: int) -> int:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # Every registration under way holds a thread until the engine answers.
    loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(max_workers=threads))
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _program(root)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return FAILED
    except Exception:  # noqa: BLE001 - whatever a program raises is shown, and is its end
        pulumi.log.error(f"Program failed with an unhandled exception:\n{_user_traceback(root)}")
        return BAILED
    finally:
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    return SUCCESS


def _unheard(*_message: object, **_options: object) -> None:
    """What takes the place of `pulumi.log.debug`."""


def _program(root: str) -> None:
    runpy.run_path(root, run_name="__main__")


def _user_traceback(root: str) -> str:
    """The traceback from the first frame of the user's program on; none where the program could not even be begun."""
    error = sys.exc_info()[1]
    frames = traceback.extract_tb(error.__traceback__ if error else None)
    program = os.path.join(root, "__main__.py")  # noqa: PTH118 - frames name files as texts
    first = next((index for index, frame in enumerate(frames) if frame.filename == program), None)
    if first is None:
        return "".join(traceback.format_exception_only(error)).rstrip()
    return traceback.format_exc(limit=-(len(frames) - first)).rstrip()


if __name__ == "__main__":
    sys.exit(main())
