"""docs/add-a-service.md, carried out beside a copy of the project: what stands there is all that a service takes."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from local import control_plane as control_planes
from stacks import files, operators
from stacks.catalogues import declarations, scopes
from tests.stacks.catalogues import makers
from tests.test_add_a_vendor import PARTS

ROOT = pathlib.Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs/add-a-service.md").read_text()
BLOCK = re.compile(r"^```(?:yaml|python) (?:as (\S+)|(more|changes))\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = {name or more: text for name, more, text in BLOCK.findall(DOCUMENT)}
WALK = ("acme/services/shop.yaml", "acme/releases.lock.yaml", "stacks/Pulumi.acme-dev.yaml")
COMMANDS = re.findall(r"^\$ \./paasport (.*)$", DOCUMENT, re.MULTILINE)


@pytest.fixture
def project(tmp_path):
    """A copy of the project with nothing beside it, save the release that Acme has published."""
    root = tmp_path / "paasport"
    root.mkdir()
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / part)
    shutil.copytree(makers.ACME / "shop-operator", tmp_path / "acme/shop-operator")
    (tmp_path / "acme/services").mkdir()
    return root


def carry_out(project, *names):
    for name in names:
        path = project.parent / name if name.startswith("acme/") else project / name
        path.write_text(BLOCKS[name])


def test_the_walk_takes_less_than_thirty_lines():
    assert sum(len(BLOCKS[name].splitlines()) for name in WALK) == 29
    assert "That is all: 29 lines." in DOCUMENT


def test_the_example_that_other_tests_use_is_the_documents():
    for name in WALK[:2]:
        assert (ROOT / "docs/examples" / name).read_text() == BLOCKS[name]


def say_everything(project):
    """The shop with all that a declaration may say."""
    shop = project.parent / WALK[0]
    spread = "    replicas: ${servers}\n    topologySpreadConstraints: ${spread}\n"
    text = shop.read_text().replace("    replicas: ${servers}\n", spread) + BLOCKS["more"]
    shop.write_text(text.replace("  rehearsal:", f"{BLOCKS['changes']}  rehearsal:"))


def test_with_all_that_it_may_say_nothing_is_lacking(project):
    carry_out(project, *WALK)
    say_everything(project)
    stack = project / WALK[2]
    stack.write_text(stack.read_text().replace("service: shop", "service: shop, exposure: {}, currency: CHF"))
    wanted = files.inspect(project, "acme-dev")
    assert wanted.services["web"].LACKS == ()
    assert operators.needed(wanted) == {"shop-operator", "cert-manager"}


def test_every_placeholder_that_there_is_stands_in_the_table(project):
    text = BLOCKS[WALK[0]] + BLOCKS["more"]
    declared = declarations.Service.model_validate(yaml.safe_load(text))
    told = set(re.findall(r"\$\{([a-zA-Z.]+)\}", DOCUMENT[DOCUMENT.index("| placeholder |") :].partition("\n\n")[0]))
    assert told == {*scopes.of(declared), *scopes.with_passwords(declared), "backup.folder", "tls.authority", "job"}


def test_what_runs_without_an_operator_and_what_is_python_load_too(project):
    carry_out(project, *WALK, "acme/services/chat.yaml", "acme/services/note.py")
    stack = project / WALK[2]
    stack.write_text(
        stack.read_text().replace(
            "{ web: { service: shop } }", "{ web: { service: chat, availability: zonal }, memo: { service: note } }"
        )
    )
    wanted = files.inspect(project, "acme-dev")
    assert {name: service.service for name, service in wanted.services.items()} == {"web": "chat", "memo": "note"}
    assert files.check(project, "acme-dev") == ()


def call(line, *, project, data):
    """In a process of its own, in which the copy is the project; `local kubectl` becomes another program."""
    # A terminal's answer is not at hand, so nothing may ask.
    return subprocess.run(
        [sys.executable, "-m", "runner.cli", *line.split()],
        cwd=project,
        env=os.environ | {"XDG_DATA_HOME": str(data)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.fixture
def run(project, tmp_path, monkeypatch):
    """Runs a command of the copy; whatever control planes it has started are gone afterwards."""
    data = tmp_path / "data"
    monkeypatch.setenv("XDG_DATA_HOME", str(data))

    def checked(line):
        process = call(line, project=project, data=data)
        assert process.returncode == 0, (line, process.stdout, process.stderr)
        return process.stdout

    yield checked
    for name in control_planes.names():
        control_planes.delete(name)


@pytest.mark.slow
def test_on_a_vendor_of_the_cloud_all_of_it_is_planned_with_what_the_vendor_has(project, run):
    carry_out(project, *WALK)
    say_everything(project)
    text = (ROOT / "stacks/Pulumi.eks-dev.yaml").read_text()
    cluster = text[text.index("  paasport:cluster:") : text.index("  paasport:services:")]
    (project / WALK[2]).write_text(
        f"config:\n{cluster}    name: acme\n    backups: {{ retentionDays: 30 }}\n"
        "  paasport:catalogue: ../acme\n"
        "  paasport:services:\n"
        "    metrics: { service: prometheus }\n"
        "    web: { service: shop, availability: zonal, backups: {}, exposure: { scheme: internal } }\n"
    )
    told = run("preview acme-dev")
    for planned in (
        "kubernetes:acme.example/v1:Shop  web",
        "kubernetes:batch/v1:CronJob  web:web/backup",
        "kubernetes:core/v1:Service  web:web/web-exposed",
        "kubernetes:monitoring.coreos.com/v1:PodMonitor  web:web/web",
        "kubernetes:cert-manager.io/v1:Certificate  web:web/web-tls",
        "kubernetes:policy/v1:PodDisruptionBudget  web:web/web",
        "kubernetes:batch/v1:Job  probe-",
        "paasport:operators:Operator  shop-operator",
    ):
        assert planned in told, planned


@pytest.mark.cluster
@pytest.mark.slow
def test_the_walk_leads_from_nothing_to_ready_and_back(project, run):
    carry_out(project, *WALK)
    check, up, shown, gone = (run(line) for line in COMMANDS)
    assert check.splitlines()[-1] == "1 stack: no problems"
    assert "where no container runs: shop-operator (as its maker says)" in up
    assert re.search(r"^create +kubernetes:acme.example/v1:Shop +web ", up, re.MULTILINE)
    assert re.search(r"^web +web ", shown, re.MULTILINE)
    assert re.search(r"^\d+ deleted in", gone, re.MULTILINE)


@pytest.mark.cluster
@pytest.mark.slow
def test_services_of_a_catalogue_live_side_by_side_unchanged_scaled_and_gone(project, run):
    carry_out(project, *WALK, "acme/services/chat.yaml", "acme/services/note.py")
    stack = project / WALK[2]

    def up(services):
        stack.write_text(BLOCKS[WALK[2]].replace("{ web: { service: shop } }", services))
        return run("up acme-dev").splitlines()[-1]

    three = "{ web: { service: shop }, talk: { service: chat }, memo: { service: note } }"
    assert re.match(r"\d+ created in", up(three))
    assert re.match(r"\d+ unchanged in", up(three))
    # The resource has more servers, and there is a disruption budget for them.
    scaled = up(three.replace("service: shop", "service: shop, availability: zonal"))
    assert re.match(r"1 created, 1 updated, \d+ unchanged in", scaled), scaled
    assert "deleted" in up("{ web: { service: shop, availability: zonal } }")
    assert re.match(r"\d+ deleted in", run("destroy acme-dev --yes").splitlines()[-1])
