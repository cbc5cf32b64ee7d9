"""When and how the official `pulumi` command is called."""

from __future__ import annotations

import pathlib
import shutil
import stat

import pytest

from runner import cli, pulumi_cli
from stacks import errors

ROOT = pathlib.Path("/project")
Engine = pulumi_cli.Engine


@pytest.mark.parametrize(
    ("vendor", "operation", "asked", "expected"),
    [
        pytest.param("local", "up", None, Engine.EMBEDDED, id="local"),
        pytest.param("existing", "destroy", None, Engine.EMBEDDED, id="existing"),
        pytest.param("local", "up", Engine.PULUMI, Engine.PULUMI, id="asked for"),
        pytest.param("eks", "up", None, Engine.PULUMI, id="a cloud is changed by pulumi"),
        pytest.param("aks", "destroy", Engine.PULUMI, Engine.PULUMI, id="a cloud is destroyed by pulumi"),
        pytest.param("gke", "preview", None, Engine.EMBEDDED, id="a cloud is previewed by simulation"),
    ],
)
def test_choice_of_the_engine(vendor, operation, asked, expected):
    assert pulumi_cli.engine_for(vendor, operation=operation, asked=asked) is expected


def test_the_embedded_engine_refuses_to_change_a_cloud():
    with pytest.raises(errors.UsageError, match="up on the vendor eks is not done by the embedded engine"):
        pulumi_cli.engine_for("eks", operation="up", asked=Engine.EMBEDDED)


@pytest.mark.parametrize(
    ("operation", "flags", "expected"),
    [
        pytest.param("up", {"yes": True}, ["up", "--stack", "s", "--cwd", "/project", "--yes"], id="up"),
        pytest.param("preview", {"yes": True}, ["preview", "--stack", "s", "--cwd", "/project"], id="preview"),
        pytest.param(
            "destroy",
            {"json": True, "targets": ("a", "b")},
            ["destroy", "--stack", "s", "--cwd", "/project", "--json", "--target", "**::a", "--target", "**::b"],
            id="destroy",
        ),
        pytest.param(
            "drift",
            {"diff": True},
            ["refresh", "--preview-only", "--expect-no-changes", "--stack", "s", "--cwd", "/project", "--diff"],
            id="drift",
        ),
    ],
)
def test_arguments(operation, flags, expected):
    given = {"yes": False, "json": False, "diff": False, "targets": ()} | flags
    assert pulumi_cli.arguments(operation, stack="s", root=ROOT, **given) == expected


@pytest.mark.parametrize(
    ("code", "operation", "expected"),
    [
        (0, "up", 0),
        (1, "up", 1),
        (2, "up", 2),
        (4, "up", 1),
        (6, "up", 2),
        (7, "up", 1),
        (7, "drift", 3),
        (8, "up", 130),
        (255, "up", 1),
    ],
)
def test_exit_codes(code, operation, expected):
    assert pulumi_cli.exit_code(code, operation=operation) == expected


def test_without_pulumi_the_way_to_get_it_is_told(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cli.main(["up", "local-dev", "--engine", "pulumi"]) == 2
    assert "https://www.pulumi.com/docs/install/" in capsys.readouterr().err


@pytest.fixture
def pulumi(monkeypatch, tmp_path) -> None:
    """A `pulumi` that prints its arguments and fails as the real one does for an unknown stack."""
    program = tmp_path / "pulumi"
    program.write_text('#!/bin/sh\necho "$@"\nexit 6\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")


def test_what_only_pulumi_can_read_is_left_to_pulumi(pulumi, tmp_path, capfd):
    (tmp_path / "stacks").mkdir()
    shutil.copy(cli.PROJECT_ROOT / "Pulumi.yaml", tmp_path)
    stack = "environment: [shared]\nconfig:\n  paasport:cluster: {vendor: local}\n"
    (tmp_path / "stacks" / "Pulumi.a-dev.yaml").write_text(stack)
    assert cli.main(["preview", "a-dev"], root=tmp_path) == 2
    assert "Pulumi ESC" in capfd.readouterr().err
    cli.main(["preview", "a-dev", "--engine", "pulumi"], root=tmp_path)
    assert capfd.readouterr().out.startswith("preview --stack a-dev")


def test_a_wrong_stack_file_is_told_before_pulumi_is_called(pulumi, capfd):
    assert cli.main(["preview", "locl-dev", "--engine", "pulumi"]) == 2
    assert capfd.readouterr().out == ""


def test_pulumi_on_the_path_is_called_and_its_exit_code_translated(pulumi, capfd):
    assert cli.main(["preview", "local-dev", "--engine", "pulumi", "--diff"]) == 2
    assert capfd.readouterr().out == f"preview --stack local-dev --cwd {cli.PROJECT_ROOT} --diff\n"
