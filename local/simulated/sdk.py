"""Where the installed SDKs say something about a type: their registries, and slices of their source text.

The SDKs are never imported: `pulumi_gcp.compute` alone costs 5.6 s and 235 MB. Their sources are generated and regular,
so a class is found by searching for its first line. What the text of a class means is in `schema.py`.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.metadata
import importlib.util
import json
import mmap
import pathlib
import re
from collections.abc import Mapping
from typing import Final

from rapidfuzz import process

from stacks import errors

PACKAGES: Final[Mapping[str, str]] = {"aws": "pulumi_aws", "gcp": "pulumi_gcp", "azure-native": "pulumi_azure_native"}
"""The simulated vendors by the first part of their tokens, with the Python package of their SDK."""

PROVIDER: Final = "pulumi:providers:"
"""What the tokens of provider resources begin with."""

_LEAST_LIKENESS: Final = 50
"""In percent; below it a hint would mislead."""
_WORD_BREAK: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclasses.dataclass(frozen=True)
class Place:
    """The class of a resource in an SDK's source."""

    source: Source
    class_name: str


class Source:
    """One file of an SDK: slices of it, by the names of its classes."""

    def __init__(self, path: pathlib.Path) -> None:
        self.folder = path.parent
        with path.open("rb") as file:
            # Mapped, not read: of five megabytes a few pages are looked at, and none of them stays in memory for good.
            self._text = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._begins: dict[str, int] = {}
        begin = self._text.find(b"\nclass ")
        while begin != -1:
            self._begins[_identifier(self._text[begin + 7 : begin + 207])] = begin + 1
            begin = self._text.find(b"\nclass ", begin + 7)

    def __contains__(self, class_name: str) -> bool:
        return class_name in self._begins

    def class_text(self, class_name: str) -> str:
        """The text of the class up to the next one. Raises KeyError where the file does not have it."""
        begin = self._begins[class_name]
        ends = (self._text.find(mark, begin + 1) for mark in (b"\nclass ", b"\n@", b"\ndef "))
        end = min((found for found in ends if found != -1), default=len(self._text))
        return self._text[begin:end].decode()

    def text(self) -> str:
        """All of it; for the small files of functions."""
        return self._text[:].decode()


def vendor(token: str) -> str:
    """The package that a token belongs to: `aws`, `gcp` or `azure-native`. Raises VendorRefused for any other."""
    package = token.removeprefix(PROVIDER).partition(":")[0]
    if package in PACKAGES:
        return package
    raise errors.VendorRefused.of(
        f"{token} belongs to no vendor that is simulated here",
        why="only the types of " + ", ".join(PACKAGES) + " can be checked and answered for",
        next=f"use a type of {nearest(package, PACKAGES, least=0)}",
    )


def version(package: str) -> str:
    """The installed version of a vendor's SDK."""
    return importlib.metadata.version(PACKAGES[package].replace("_", "-"))


@functools.cache
def tokens(package: str) -> Mapping[str, tuple[str, str]]:
    """Every resource type of a vendor's SDK, with the Python module and the class that stand for it."""
    text = (_root(package) / "__init__.py").read_text(encoding="utf-8")
    listed = json.loads(text.partition('resource_modules="""')[2].partition('"""')[0])
    return {token: (module["fqn"], name) for module in listed for token, name in module["classes"].items()}


@functools.cache
def place(token: str) -> Place:
    """Where the SDK has the class of this type. Raises VendorRefused with the nearest right token."""
    package = vendor(token)
    if token.startswith(PROVIDER):
        return Place(source(_root(package) / "provider.py"), "Provider")
    known = tokens(package)
    if token not in known:
        raise errors.VendorRefused.of(
            f"{token} is no resource type of {PACKAGES[package]} {version(package)}",
            why="the provider would not know what to create",
            next=f"the nearest type is {nearest(token, known, least=0)}",
        )
    module, name = known[token]
    folder = _root(package).joinpath(*module.split(".")[1:])
    return Place(source(_file(folder, name)), name)


def function_source(token: str) -> Source | None:
    """The file of a function such as `aws:eks/getAddonVersion:getAddonVersion`; None where the SDK has none."""
    package = vendor(token)
    module, _, name = token.partition(":")[2].rpartition(":")
    file = f"{_snake(name)}.py"
    for folder in (_root(package) / module.partition("/")[0], _root(package)):
        if (folder / file).is_file():
            return source(folder / file)
    return None


@functools.cache
def source(path: pathlib.Path) -> Source:
    """The file, indexed once."""
    return Source(path)


def nearest(word: str, known: Mapping[str, object], *, least: int = _LEAST_LIKENESS) -> str:
    """The known word that looks most like this one; nothing where none does by `least` percent."""
    best = process.extractOne(word, known.keys(), score_cutoff=least)
    return best[0] if best else ""


@functools.cache
def _root(package: str) -> pathlib.Path:
    spec = importlib.util.find_spec(PACKAGES[package])
    if spec is None or not spec.submodule_search_locations:
        raise errors.VendorRefused.of(
            f"the SDK {PACKAGES[package]} is not installed",
            why="the vendor's types are read from it",
            next="run ./paasport doctor",
        )
    return pathlib.Path(spec.submodule_search_locations[0])


def _file(folder: pathlib.Path, class_name: str) -> pathlib.Path:
    likely = folder / f"{_snake(class_name)}.py"
    if likely.is_file():
        return likely
    head = f"\nclass {class_name}(pulumi.CustomResource)".encode()
    return next(path for path in sorted(folder.glob("*.py")) if head in path.read_bytes())


def _snake(name: str) -> str:
    return _WORD_BREAK.sub("_", name).lower()


def _identifier(text: bytes) -> str:
    found = re.match(rb"\w+", text)
    return found[0].decode() if found else ""
