"""The process that gets ready before anybody knows what it will run."""

from __future__ import annotations

import asyncio
import os
import pathlib
import subprocess

import pytest

from runner.host import program, spare


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "target.py"
    path.write_text("import os, sys\nprint(sys.argv[1], os.environ['MARK'], os.getcwd())\nsys.exit(7)\n")
    return path


async def adopted(folder, target, said):
    with spare.warming(folder) as warm:
        process = warm.taken()
        child = await program.Child.adopt(process, [str(target), "word"], environment={"MARK": "set"}, said=said)
        code = await child.wait()
        await child.end()
        return code


def test_it_runs_its_target_as_if_started_for_it(tmp_path, target):
    said = []
    assert asyncio.run(adopted(tmp_path, target, said.append)) == 7
    assert said == [f"word set {tmp_path}"]


def test_what_nobody_took_ends_with_the_command(tmp_path):
    with spare.warming(tmp_path) as warm:
        identity = warm._process.pid
        assert pathlib.Path(f"/proc/{identity}").exists()
    assert not pathlib.Path(f"/proc/{identity}").exists()


def test_it_can_be_taken_once(tmp_path):
    with spare.warming(tmp_path) as warm:
        process = warm.taken()
        assert warm.taken() is None
        process.kill()
        process.communicate()


def test_it_ends_when_its_engine_dies(tmp_path):
    code = (
        "import pathlib, time; from runner.host import spare\n"
        f"print(spare.Spare(pathlib.Path({str(tmp_path)!r}))._process.pid, flush=True); time.sleep(60)"
    )
    engine = subprocess.Popen([os.sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    identity = int(engine.stdout.readline())
    engine.kill()
    engine.communicate()
    for _ in range(100):
        if not alive(identity):
            break
        asyncio.run(asyncio.sleep(0.05))
    assert not alive(identity)


def alive(identity):
    try:
        status = pathlib.Path(f"/proc/{identity}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("broken", ["raise ValueError('broken')\n", "if\n", "import nowhere_to_be_found\n"])
def test_a_module_that_cannot_be_loaded_yet_does_not_end_it(tmp_path, target, broken):
    package = tmp_path / "components"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "platform.py").write_text(broken)
    said = []
    assert asyncio.run(adopted(tmp_path, target, said.append)) == 7
    assert said == [f"word set {tmp_path}"]


def test_it_has_loaded_the_modules_of_the_project_before_its_target(tmp_path, target):
    package = tmp_path / "components"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "platform.py").touch()
    target.write_text("import sys\nprint('components.platform' in sys.modules, sys.path.count(sys.path[0]))\n")
    said = []
    assert asyncio.run(adopted(tmp_path, target, said.append)) == 0
    assert said == ["True 1"]
