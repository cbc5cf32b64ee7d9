"""docs/vendors: the table of what a vendor's stacks create is made from what they register (`--update-golden`)."""

from __future__ import annotations

import collections

import pytest
import yaml

from stacks import overview

from . import conftest, test_golden

BEGIN, END = "<!-- created:begin -->", "<!-- created:end -->"
ENVIRONMENTS = ("dev", "staging", "prod")
PACKAGES = ("aws:", "gcp:", "azure-native:")


def registered(stack):
    return yaml.load((test_golden.FOLDER / f"{stack}.yaml").read_text(), Loader=yaml.CSafeLoader)


def table(vendor):
    """How many resources of each type every environment has, and which of prod's are protected and kept."""
    stacks = {name: registered(f"{vendor}-{name}") for name in ENVIRONMENTS}
    counts = {name: collections.Counter(key.partition(" ")[0] for key in found) for name, found in stacks.items()}
    marked = {
        mark: {key.partition(" ")[0] for key, value in stacks["prod"].items() if value.get(mark)}
        for mark in ("protect", "retainOnDelete")
    }
    kinds = sorted({kind for found in counts.values() for kind in found if kind.startswith(PACKAGES)})
    lines = ["| type | dev | staging | prod | in prod |", "|---|---|---|---|---|"]
    for kind in kinds:
        said = {"protect": "protected", "retainOnDelete": "kept by destroy"}
        marks = ", ".join(words for mark, words in said.items() if kind in marked[mark])
        lines.append(f"| `{kind}` | {' | '.join(str(counts[name][kind]) for name in ENVIRONMENTS)} | {marks} |")
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("vendor", ["eks", "gke", "aks"])
def test_a_vendor_s_page_lists_what_its_stacks_create(vendor, pytestconfig):
    page = conftest.ROOT / f"docs/vendors/{vendor}.md"
    text = page.read_text(encoding="utf-8")
    wanted = overview.replaced(text, content=table(vendor), begin=BEGIN, end=END)
    if pytestconfig.getoption("--update-golden"):
        page.write_text(wanted, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == wanted, "run it with --update-golden"
