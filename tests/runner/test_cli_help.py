from __future__ import annotations

import pathlib
import resource
import subprocess
import sys

import pytest

from runner import cli

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEAVY = {"pydantic", "yaml", "httpx2", "grpc", "rich", "pulumi", "asyncio", "cryptography", "rapidfuzz"}

LOADED = "import sys; from runner import cli; cli.main(sys.argv[1:]); sys.stderr.write(' '.join(sys.modules))"


def loaded_by(*arguments: str) -> set[str]:
    process = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(process.stderr.split())


@pytest.mark.parametrize(
    "arguments",
    [["--help"], *([name, "--help"] for name in cli.COMMANDS if name != "test")],
    ids=lambda arguments: arguments[0],
)
def test_help_loads_nothing_heavy(arguments):
    assert loaded_by(*arguments) & HEAVY == set()


def cpu_seconds(*command: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def test_help_is_immediate():
    """Measured in CPU time, and the best of three, because a test run shares the machine with others."""
    assert min(cpu_seconds(sys.executable, "-m", "runner.cli", "--help") for _ in range(3)) < 0.3


def test_help_lists_every_command_in_one_line_each(capsys):
    assert cli.main(["--help"]) == 0
    listed = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == list(cli.COMMANDS)


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_explains_itself(name, capsys):
    assert cli.main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: ./paasport {name} ")
