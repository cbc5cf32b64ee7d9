"""Filling a mirror: from which places, that only pinned bytes get into it, and what is said of the rest."""

from __future__ import annotations

import hashlib
import json
import pathlib

import pytest

from local import mirrors
from tests.local import fake_go

FIRST, SECOND = b"kind: List\n", b"kind: Other\n"
LOCK = f"""
one:
  version: 1.2.3
  images: [example.test/one:1.2.3, example.test/helper:4.5.6]
  manifests:
    first.yaml:
      url: https://releases.invalid/first.yaml
      sha256: {hashlib.sha256(FIRST).hexdigest()}
two:
  version: 0.1.0
  images: [example.test/helper:4.5.6, example.test/two:0.1.0]
  manifests:
    second.yaml:
      url: https://releases.invalid/second.yaml
      sha256: {hashlib.sha256(SECOND).hexdigest()}
      go_module: {{path: example.test/two, version: v0.1.0, file: second.yaml}}
"""


@pytest.fixture
def machine(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A machine with a lock file, an empty cache and no internet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("PAASPORT_MIRROR", raising=False)
    monkeypatch.setenv("PATH", fake_go.path_with(tmp_path / "bin"))
    (tmp_path / "lock.yaml").write_text(LOCK)
    (tmp_path / "images.yaml").write_text(
        "database: [example.test/database:16.1.0]\nqueue: [example.test/queue:4.2.0]\n"
    )

    def refused(url, **_):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(mirrors.urllib.request, "urlopen", refused)
    return tmp_path


@pytest.fixture
def go(machine: pathlib.Path) -> fake_go.Go:
    """A Go that has the module of `two`."""
    go = fake_go.install(machine / "bin")
    (machine / "module").mkdir()
    (machine / "module/second.yaml").write_bytes(SECOND)
    go.says(*json.dumps({"Dir": str(machine / "module")}, indent="\t").splitlines())
    return go


@pytest.fixture
def no_go(machine: pathlib.Path) -> fake_go.Go:
    go = fake_go.install(machine / "bin")
    go.says(*json.dumps({"Error": "no such host"}, indent="\t").splitlines())
    return go


def fill(machine, *, operators=None):
    return mirrors.fill(machine / "lock.yaml", machine / "mirror", operators=operators, report=lambda _: None)


def cache(machine, content):
    path = machine / "cache/paasport/releases" / f"{hashlib.sha256(content).hexdigest()}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def held(machine):
    folder = machine / "mirror"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("go")
def test_files_come_from_the_cache_and_from_go_modules(machine):
    cached = cache(machine, FIRST)
    found = fill(machine)
    assert held(machine) == {"one/1.2.3/first.yaml": FIRST, "two/0.1.0/second.yaml": SECOND}
    assert [file.source for file in found] == [str(cached), "example.test/two@v0.1.0"]


@pytest.mark.usefixtures("no_go")
def test_a_file_comes_from_its_url_where_nothing_nearer_has_it(machine, monkeypatch):
    class Answer:
        def __init__(self, url):
            self.content = FIRST if url.endswith("first.yaml") else SECOND

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def read(self):
            return self.content

    monkeypatch.setattr(mirrors.urllib.request, "urlopen", lambda url, **_: Answer(url))
    found = fill(machine)
    assert [file.source for file in found] == [
        "https://releases.invalid/first.yaml",
        "https://releases.invalid/second.yaml",
    ]
    assert held(machine) == {"one/1.2.3/first.yaml": FIRST, "two/0.1.0/second.yaml": SECOND}


def test_a_second_call_asks_nobody(machine, go):
    cache(machine, FIRST)
    fill(machine)
    cache(machine, FIRST).unlink()
    found = fill(machine)
    assert [(file.source, file.problem) for file in found] == [("", None), ("", None)]
    assert len(go.calls()) == 1


@pytest.mark.usefixtures("no_go")
def test_what_cannot_be_had_is_told_with_every_place_and_the_rest_is_there(machine):
    cache(machine, SECOND)
    missing, there = fill(machine)
    assert there.problem is None
    assert held(machine) == {"two/0.1.0/second.yaml": SECOND}
    assert missing.problem
    for part in ("first.yaml of one 1.2.3", "/cache/", "in no Go module", "Network is unreachable"):
        assert part in missing.problem.what
    assert "one/1.2.3/first.yaml" in missing.problem.next


def test_a_site_that_is_out_of_reach_is_asked_once(machine, no_go, monkeypatch):
    asked = []

    def refused(url, **_):
        asked.append(url)
        raise OSError("Network is unreachable")

    monkeypatch.setattr(mirrors.urllib.request, "urlopen", refused)
    found = fill(machine)
    assert len(asked) == 1
    assert all("Network is unreachable" in file.problem.what for file in found)


def test_other_bytes_than_the_pinned_are_refused_wherever_they_are(machine, go):
    (machine / "module/second.yaml").write_bytes(b"tampered")
    tampered = cache(machine, FIRST)
    tampered.write_bytes(b"tampered")
    first, second = fill(machine)
    assert f"{tampered} is not the pinned first.yaml" in first.problem.what
    assert hashlib.sha256(FIRST).hexdigest() in first.problem.what
    assert "second.yaml of two 0.1.0 is not the pinned one" in second.problem.what
    assert held(machine) == {}
    assert len(go.calls()) == 1


@pytest.mark.usefixtures("no_go")
@pytest.mark.parametrize("in_use", [True, False])
def test_a_wrong_file_in_the_mirror_itself_is_replaced(machine, monkeypatch, in_use):
    cache(machine, FIRST)
    wrong = machine / "mirror/one/1.2.3/first.yaml"
    wrong.parent.mkdir(parents=True)
    wrong.write_bytes(b"old")
    if in_use:
        monkeypatch.setenv("PAASPORT_MIRROR", str(machine / "mirror"))
    fill(machine, operators={"one"})
    assert wrong.read_bytes() == FIRST


@pytest.mark.usefixtures("no_go")
def test_another_mirror_is_a_source(machine, monkeypatch):
    other = machine / "other/one/1.2.3/first.yaml"
    other.parent.mkdir(parents=True)
    other.write_bytes(FIRST)
    monkeypatch.setenv("PAASPORT_MIRROR", str(machine / "other"))
    (found,) = fill(machine, operators={"one"})
    assert found.source == str(other)


def test_images_are_listed_sorted_and_once(machine):
    found = mirrors.images(machine / "lock.yaml", machine / "images.yaml")
    assert found == [
        "example.test/database:16.1.0",
        "example.test/helper:4.5.6",
        "example.test/one:1.2.3",
        "example.test/queue:4.2.0",
        "example.test/two:0.1.0",
    ]


def test_only_what_is_asked_for_is_listed(machine):
    found = mirrors.images(machine / "lock.yaml", machine / "images.yaml", operators={"two"}, services={"queue"})
    assert found == ["example.test/helper:4.5.6", "example.test/queue:4.2.0", "example.test/two:0.1.0"]


def test_the_list_is_written_as_lines_and_only_when_it_changes(machine):
    folder = machine / "mirror"
    mirrors.write_images(folder, ["b:1", "a:1"], keep=False)
    assert (folder / "images.txt").read_text() == "a:1\nb:1\n"
    before = (folder / "images.txt").stat().st_mtime_ns
    mirrors.write_images(folder, ["a:1", "b:1"], keep=False)
    assert (folder / "images.txt").stat().st_mtime_ns == before


@pytest.mark.parametrize(("keep", "expected"), [(True, ["a:1", "b:2"]), (False, ["b:2"])])
def test_a_list_for_one_stack_keeps_what_another_needs(machine, keep, expected):
    mirrors.write_images(machine / "mirror", ["a:1"], keep=False)
    assert mirrors.write_images(machine / "mirror", ["b:2"], keep=keep) == expected


@pytest.mark.parametrize("text", ["", "a: [", "- list", "service: 5"])
def test_an_unusable_list_of_services_images_is_told(machine, text):
    (machine / "images.yaml").write_text(text)
    with pytest.raises(mirrors.errors.ReleaseError, match=r"images\.yaml cannot be used"):
        mirrors.images(machine / "lock.yaml", machine / "images.yaml")
