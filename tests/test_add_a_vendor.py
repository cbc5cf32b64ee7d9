"""docs/add-a-vendor.md, carried out on a copy of the project: what stands there is all that a vendor takes."""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PARTS = ("stacks", "components", "local", "runner", "tests", "docs", "Pulumi.yaml", "pyproject.toml", "__main__.py")
BLOCK = re.compile(
    r"^```(?:python|yaml) (as|in) (\S+)(?: (before|instead of) ([^\n]+))?\n(.*?)^```", re.MULTILINE | re.DOTALL
)


@pytest.fixture
def copy(tmp_path):
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / part)
    return tmp_path


def carry_out(document, root):
    """Write and change the files as the document's blocks say; each place to change must be there exactly once."""
    for how, name, where, mark, text in BLOCK.findall(document):
        path = root / name
        if how == "as":
            path.write_text(text)
            continue
        before = path.read_text()
        assert before.count(mark) == 1, f"{name}: {mark}"
        inserted = text.removesuffix("\n") if where == "instead of" else f"{text}\n\n{mark}"
        path.write_text(before.replace(mark, inserted))


@pytest.mark.slow
def test_a_sixth_vendor_is_what_the_document_says_and_keeps_the_contract(copy):
    carry_out((ROOT / "docs/add-a-vendor.md").read_text(), copy)
    command = ["-m", "pytest", "tests/components/clusters/test_contract.py", "-n0", "-k", "metal or every_row"]
    result = subprocess.run([sys.executable, *command], cwd=copy, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-4000:]
    # Twelve rows are for all vendors, and the one that compares rows with tests.
    assert "13 passed" in result.stdout
