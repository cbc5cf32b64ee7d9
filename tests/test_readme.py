"""Every command that README shows is executed, in README's order."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from tests.runner import test_rehearsals

ROOT = pathlib.Path(__file__).resolve().parents[1]
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^\$ (\S.*?)(?:\s+#.*)?$", re.MULTILINE)


def commands():
    """The shown command lines, comments left out."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [line for block in CONSOLE.findall(text) for line in COMMAND.findall(block)]


def call(line, *, environment):
    # A terminal's answer is not at hand, so nothing may ask.
    return subprocess.run(
        line.split(),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def test_readme_shows_the_commands_that_are_tested_here():
    assert commands() == [
        "./paasport up local-dev",
        "./paasport test",
        "./paasport preview local-dev",
        "./paasport drift local-dev",
        "./paasport local kubectl local-dev -- get prometheus,pods -A",
        "./paasport destroy local-dev --yes",
        "./paasport local delete local-dev",
        "./paasport preview eks-prod",
        "./paasport rehearse eks-prod",
        "./paasport up eks-prod",
        "./paasport local start local-dev",
        "pulumi up --stack local-dev",
        "./paasport up existing-dev --engine pulumi",
    ]


@pytest.mark.cluster
@pytest.mark.slow
def test_every_command_on_the_local_vendor_works_in_the_order_shown(tmp_path):
    environment = os.environ | {"XDG_DATA_HOME": str(tmp_path)}
    # `test` is what runs here; the others need the official CLI.
    mine = [line for line in commands() if "paasport" in line and not line.endswith(("test", "pulumi", "eks-prod"))]
    try:
        told = {line: call(line, environment=environment) for line in mine}
    finally:
        call("./paasport local delete local-dev", environment=environment)

    assert {line: process.returncode for line, process in told.items()} == dict.fromkeys(mine, 0), told
    assert re.search(r"^42 created in", told["./paasport up local-dev"].stdout, re.MULTILINE)
    assert re.search(r"^42 unchanged in", told["./paasport preview local-dev"].stdout, re.MULTILINE)
    assert re.search(r"^42 deleted in", told["./paasport destroy local-dev --yes"].stdout, re.MULTILINE)
    pods = told["./paasport local kubectl local-dev -- get prometheus,pods -A"].stdout
    assert "prometheus.monitoring.coreos.com/metrics" in pods
    assert "pod/prometheus-metrics-0" in pods


def test_a_cloud_s_stack_is_previewed_without_a_cluster_or_an_account(tmp_path):
    environment = os.environ | {"XDG_DATA_HOME": str(tmp_path)}

    process = call("./paasport preview eks-prod", environment=environment)

    assert process.returncode == 0, process.stderr
    assert "AWS is simulated" in process.stdout
    for shown in ("aws:eks/cluster:Cluster", "apps/v1:Deployment  prometheus-operator", "v1:Prometheus  metrics"):
        assert shown in process.stdout


def test_what_it_rehearses_is_rehearsed_among_all_stacks():
    shown = [line.rpartition(" ")[2] for line in commands() if "rehearse" in line]
    assert shown
    assert set(shown) <= set(test_rehearsals.STACKS)


@pytest.mark.skipif(shutil.which("pulumi") is not None, reason="the official CLI is here, and would change a cluster")
@pytest.mark.parametrize("line", ["./paasport up existing-dev --engine pulumi", "./paasport up eks-prod"])
def test_without_the_official_cli_its_command_says_how_to_get_it(line):
    process = call(line, environment=dict(os.environ))

    assert process.returncode == 2
    assert "pulumi" in process.stderr
    assert "next:" in process.stderr
