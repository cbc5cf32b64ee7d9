"""A maker's Python: when it runs, what it must offer, and how its failures are told."""

from __future__ import annotations

import pytest

from stacks import files

NOTE = """\
from typing import Literal

from components import contracts
from stacks.services import instance


class Note(instance.Database):
    SIZES = {"small": instance.Server(cpu="100m", memory="128Mi", storage="1Gi")}
    SERVERS = {"single": 1}
    service: Literal["note"]
    text: str = "hello"
    \"\"\"What it says.\"\"\"


def build(args):
    endpoint = contracts.Endpoint(namespace=args.name, service=args.name, port=80)
    return contracts.ServiceObjects(shared=(), custom_resources=(), endpoint=endpoint, version="1")


SERVICE = contracts.Service(name="note", type="Note", operators=(), build=build, settings=Note)
"""


def test_one_class_and_one_entry_are_a_service(maker):
    maker.alone("services/note.py", NOTE)
    memo = maker.parse({"memo": {"service": "note"}}).services["memo"]
    assert (memo.text, memo.asked("memory")) == ("hello", "128Mi")
    (told,) = maker.told({"memo": {"service": "note", "text": 5}})
    assert told == (
        "stack.yaml: `paasport:services.memo.text` must be a text, not the number `5`\n"
        "  What it says\n  next: put the value in quotes"
    )


def test_modules_of_a_folder_may_import_each_other_and_a_change_is_seen(maker):
    maker.alone(
        "services/note.py",
        NOTE.replace('"1Gi"', "_sizes.STORAGE").replace("import contracts", "import contracts\nfrom . import _sizes"),
    )
    for storage in ("1Gi", "2Gi"):
        maker.write("services/_sizes.py", f"STORAGE = '{storage}'\n")
        assert maker.parse({"memo": {"service": "note"}}).services["memo"].asked("storage") == storage


def test_what_it_prints_is_no_part_of_what_a_command_prints(maker, capsys):
    maker.alone("services/note.py", f"print('at work')\n{NOTE}")
    maker.parse()
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "at work\n")


def test_looking_at_a_catalogue_leaves_nothing_in_it(maker):
    maker.alone("services/note.py", NOTE)
    maker.parse()
    assert [path.name for path in (maker.folder / "services").iterdir()] == ["note.py"]


def test_what_it_raises_is_told_by_its_own_lines_alone(maker):
    maker.write("services/_deep.py", "def fail():\n    import json\n    json.loads('{')\n")
    maker.write("services/note.py", "from . import _deep\n\n_deep.fail()\n")
    (told,) = maker.told()
    assert told == (
        "../acme/services/_deep.py:3: it cannot be loaded: JSONDecodeError: "
        "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)\n"
        "  ../acme/services/note.py:3 in <module>\n"
        "  ../acme/services/_deep.py:3 in fail\n"
        "  next: correct it, or leave its catalogue out of the stack file"
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param("x = (\n", "note.py:1: it cannot be loaded: SyntaxError: '(' was never closed", id="no Python"),
        pytest.param(
            "import nowhere\n", "note.py:1: it cannot be loaded: ModuleNotFoundError: No module named", id="import"
        ),
        pytest.param("import sys\nsys.exit(3)\n", "note.py:2: it cannot be loaded: SystemExit: 3", id="exits"),
        pytest.param("raise ValueError\n", "note.py:1: it cannot be loaded: ValueError\n", id="no text"),
        pytest.param("X = 1\n", "note.py: it has no `SERVICE` that is a contracts.Service", id="nothing"),
        pytest.param(
            NOTE.replace(", settings=Note", ""), "note.py: `SERVICE.settings` of note is no class", id="no settings"
        ),
        pytest.param(NOTE.replace("SERVERS", "_SERVERS"), "note.py: Note has no SERVERS", id="no servers"),
        pytest.param(
            NOTE.replace('name="note"', 'name="etcd"'), "note.py: the service name `etcd` is taken", id="taken"
        ),
        pytest.param(
            NOTE.replace("operators=()", "operators=('x',)"), "note.py: there is no operator `x`", id="unknown"
        ),
        pytest.param(NOTE + "OPERATORS = (1,)\n", "note.py: `OPERATORS` has something that is no", id="no operator"),
        pytest.param(NOTE + "OPERATORS = 1\n", "note.py: `OPERATORS` has something that is no", id="no operators"),
        pytest.param(NOTE + "IMAGES = 'a:1'\n", "note.py: `IMAGES` must be a tuple of texts", id="no images"),
        pytest.param(NOTE + "REHEARSALS = 1\n", "note.py: `REHEARSALS` must map kinds to", id="no rehearsals"),
    ],
)
def test_what_is_no_service_is_told_with_its_file(maker, text, what):
    maker.alone("services/note.py", text)
    told, *more = maker.told({"memo": {"service": "note"}})
    assert told.startswith(f"../acme/services/{what}")
    assert "Traceback" not in told
    assert more == []


def test_it_runs_for_the_stack_that_names_it_and_for_no_other(maker, tmp_path):
    maker.alone("services/note.py", f"import pathlib\n\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n" + NOTE)
    (maker.root / "stacks").mkdir()
    (maker.root / "Pulumi.yaml").write_text("name: paasport\nruntime: python\nstackConfigDir: stacks\n")
    cluster = "config:\n  paasport:cluster: { vendor: local }\n"
    (maker.root / "stacks/Pulumi.plain-dev.yaml").write_text(cluster)
    (maker.root / "stacks/Pulumi.acme-dev.yaml").write_text(cluster + "  paasport:catalogue: ../acme\n")
    assert files.check(maker.root, "plain-dev") == ()
    assert not (tmp_path / "ran").exists()
    assert files.check(maker.root, "acme-dev") == ()
    assert (tmp_path / "ran").exists()
