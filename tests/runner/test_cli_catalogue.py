"""The commands on a stack with a catalogue from outside: what they say of it, and of every way in which it is wrong."""

from __future__ import annotations

import json
import pathlib
import shutil

import jsonschema
import pytest

from runner import cli
from tests.stacks.catalogues.makers import Maker

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/cli.schema.json").read_text(encoding="utf-8"))
STACK = """\
config:
  paasport:cluster: { vendor: local }
  paasport:catalogue: ../acme
  paasport:services:
    web: { service: shop }
"""


@pytest.fixture
def maker(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("PAASPORT_MIRROR", raising=False)
    found = Maker(tmp_path)
    (found.root / "stacks").mkdir()
    shutil.copy(ROOT / "Pulumi.yaml", found.root)
    (found.root / "stacks/Pulumi.acme-dev.yaml").write_text(STACK)
    lock = found.root / "components/operators/releases.lock.yaml"
    images = found.root / "components/services/images.lock.yaml"
    for path in (lock, images):
        path.parent.mkdir(parents=True)
        path.write_text("{}\n")
    return found


def check(maker, capsys):
    code = cli.main(["check", "acme-dev"], root=maker.root)
    return code, capsys.readouterr().out


def test_check_warns_of_what_a_service_lacks(maker, capsys):
    code, told = check(maker, capsys)
    assert code == 0
    warning, last = told.splitlines()
    assert warning.startswith("warning: acme-dev: web: shop lacks what others have: no backup; no monitoring: no alarm")
    assert last == "1 stack: no problems"


def test_check_as_json_has_the_warning_too(maker, capsys):
    assert cli.main(["check", "acme-dev", "--json"], root=maker.root) == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator({"$ref": "#/$defs/check", "$defs": SCHEMA["$defs"]}).validate(found)
    assert [item["severity"] for item in found["diagnostics"]] == ["warning"]


def test_stacks_name_its_services(maker, capsys):
    assert cli.main(["stacks"], root=maker.root) == 0
    assert "web (shop)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        pytest.param(
            "services/broken.py",
            "def load():\n    raise OSError('disk of the maker')\n\n\nload()\n",
            "../acme/services/broken.py:2: it cannot be loaded: OSError: disk of the maker\n"
            "  ../acme/services/broken.py:5 in <module>\n"
            "  ../acme/services/broken.py:2 in load\n",
            id="Python that raises",
        ),
        pytest.param(
            "services/broken.yaml",
            "service: [\n",
            "../acme/services/broken.yaml:1:11: the YAML is broken",
            id="no YAML",
        ),
        pytest.param(
            "services/broken.yaml", "- a\n", "../acme/services/broken.yaml: this must be a mapping", id="no mapping"
        ),
        pytest.param(
            "shop-operator/operator.yaml", "kind: List\n", "is not the pinned file: expected sha256 ", id="other bytes"
        ),
        pytest.param(
            "releases.lock.yaml", "{}\n", "../acme/releases.lock.yaml: `shop-operator` is missing", id="not pinned"
        ),
    ],
)
def test_a_catalogue_that_does_not_load_is_told_by_its_own_lines(maker, capsys, name, text, told):
    (maker.folder / name).write_text(text)
    code, shown = check(maker, capsys)
    assert code == 2
    assert told in shown
    assert "Traceback" not in shown
    assert str(ROOT) not in shown
    assert shown.splitlines()[-1] == "1 stack: 1 problem"


def test_a_catalogue_elsewhere_is_refused_at_its_line(maker, capsys):
    (maker.root / "stacks/Pulumi.acme-dev.yaml").write_text(STACK.replace("../acme", "/etc"))
    code, shown = check(maker, capsys)
    assert code == 2
    assert shown.startswith(
        "stacks/Pulumi.acme-dev.yaml:3:3: the catalogue /etc is neither inside nor beside the project"
    )


def test_a_mirror_has_its_releases_and_images(maker, capsys):
    folder = maker.root / "mirror"
    assert cli.main(["mirror", str(folder), "--stack", "acme-dev"], root=maker.root) == 0
    assert (folder / "shop-operator/1.0.0/operator.yaml").is_file()
    assert (folder / "images.txt").read_text() == "registry.acme.example/shop-operator:1.0.0\n"
    assert "added    shop-operator/1.0.0/operator.yaml  from ../acme/shop-operator/operator.yaml" in _told(
        capsys, maker
    )


def test_a_mirror_of_everything_has_it_too(maker):
    maker.change("endpoint:", "images: ['registry.acme.example/shop:2.1.0']\nendpoint:")
    assert cli.main(["mirror", str(maker.root / "mirror")], root=maker.root) == 0
    assert (maker.root / "mirror/images.txt").read_text().split() == [
        "registry.acme.example/shop-operator:1.0.0",
        "registry.acme.example/shop:2.1.0",
    ]


def test_a_mirror_with_other_bytes_is_refused_and_named(maker, capsys, monkeypatch):
    wrong = maker.root / "wrong/shop-operator/1.0.0/operator.yaml"
    wrong.parent.mkdir(parents=True)
    wrong.write_text("kind: List\n")
    monkeypatch.setenv("PAASPORT_MIRROR", str(maker.root / "wrong"))
    assert cli.main(["mirror", str(maker.root / "mirror"), "--stack", "acme-dev"], root=maker.root) == 1
    assert (
        f"{wrong} is not the pinned operator.yaml of shop-operator 1.0.0: expected sha256 " in capsys.readouterr().out
    )


def _told(capsys, maker):
    return capsys.readouterr().out.replace(str(maker.folder), "../acme")
