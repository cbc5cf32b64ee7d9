"""A project folder of its own for each test, with the real Pulumi.yaml and whatever stack files the test writes."""

import dataclasses
import pathlib
import textwrap

import pytest

from stacks import passphrase

ROOT = pathlib.Path(__file__).parents[2]
PASSPHRASE = "correct horse battery staple"


@dataclasses.dataclass(frozen=True)
class Project:
    root: pathlib.Path

    def write(self, text: str, *, stack: str = "dev") -> pathlib.Path:
        path = self.root / "stacks" / f"Pulumi.{stack}.yaml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path


@pytest.fixture
def project(tmp_path):
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_bytes((ROOT / "Pulumi.yaml").read_bytes())
    return Project(tmp_path)


@pytest.fixture(scope="session")
def salt():
    return passphrase.new_salt(PASSPHRASE)


@pytest.fixture(scope="session")
def key(salt):
    """Made once: deriving a key takes half a second by design."""
    return passphrase.Passphrase(salt, passphrase=PASSPHRASE)
