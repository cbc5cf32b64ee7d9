from __future__ import annotations

import pathlib
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.toolchain import catalogue

KUBERNETES, OPERATOR = catalogue.GROUPS

GO_MOD = """
module example.test/toolchain

go 1.26.0

require (
	k8s.io/kubernetes v1.36.3 // indirect
	k8s.io/kubernetes/other v9.9.9
)

require example.test/single v2.0.1
"""

parts = st.fixed_dictionaries(
    {
        "go_mod": st.binary(max_size=8),
        "go_sum": st.binary(max_size=8),
        "flags": st.lists(st.text(alphabet="ab-", min_size=1, max_size=3), max_size=3).map(tuple),
        "platform": st.sampled_from(["linux-x86_64", "linux-aarch64"]),
    }
)


@pytest.fixture
def pins(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A copy of the go.mod files that a test may change."""
    for group in catalogue.GROUPS:
        shutil.copytree(group.folder, tmp_path / group.name)
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    return tmp_path


@given(parts, parts)
def test_is_equal_exactly_for_equal_parts(one, other):
    assert (catalogue.content_hash(**one) == catalogue.content_hash(**other)) == (one == other)


def test_knows_where_one_part_ends_and_the_next_begins():
    one = catalogue.content_hash(go_mod=b"ab", go_sum=b"c", flags=(), platform="")
    other = catalogue.content_hash(go_mod=b"a", go_sum=b"bc", flags=(), platform="")
    assert one != other


def test_is_the_same_on_every_machine_of_a_platform():
    # The first 16 digits of: printf '\0\0\0\0\0\0\0\1m\0\0\0\0\0\0\0\1s\0\0\0\0\0\0\0\2-x\0\0\0\0\0\0\0\5linux' | sha256sum
    assert catalogue.content_hash(go_mod=b"m", go_sum=b"s", flags=("-x",), platform="linux") == "7a0bbe542659d7bf"


@pytest.mark.parametrize("file", ["go.mod", "go.sum"])
def test_change_of_one_group_leaves_the_other_where_it_is(pins: pathlib.Path, file: str):
    kubernetes, operator = catalogue.build_folder(KUBERNETES), catalogue.build_folder(OPERATOR)
    with (pins / OPERATOR.name / file).open("a") as pinned:
        pinned.write("\n")
    assert catalogue.build_folder(KUBERNETES) == kubernetes
    assert catalogue.build_folder(OPERATOR) != operator


def test_build_folder_is_below_the_cache_and_names_its_group(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = catalogue.build_folder(KUBERNETES)
    assert folder.parent == tmp_path / "paasport" / "toolchain"
    assert folder.name.startswith("kubernetes-")


@pytest.mark.parametrize(("module", "version"), [("k8s.io/kubernetes", "v1.36.3"), ("example.test/single", "v2.0.1")])
def test_version_is_read_from_go_mod(module: str, version: str):
    assert catalogue.version(module, go_mod=GO_MOD) == version


def test_version_of_a_module_that_go_mod_does_not_require_is_an_error():
    with pytest.raises(LookupError):
        catalogue.version("k8s.io/absent", go_mod=GO_MOD)


def test_kubernetes_binaries_are_stamped_with_the_version_that_go_mod_requires():
    flags = catalogue.build_flags(KUBERNETES, go_mod="require k8s.io/kubernetes v1.40.2\n")
    assert flags[:2] == ("-trimpath", "-ldflags")
    assert flags[2].startswith("-s -w -X k8s.io/component-base/version.gitVersion=v1.40.2 ")
    assert "-X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=40 " in flags[2]


def test_operator_is_stamped_as_its_own_releases_are_without_the_v():
    flags = catalogue.build_flags(
        OPERATOR, go_mod="require github.com/prometheus-operator/prometheus-operator v0.9.1\n"
    )
    assert flags[2] == "-s -w -X github.com/prometheus/common/version.Version=0.9.1"


@pytest.mark.parametrize("binary", catalogue.BINARIES.values(), ids=lambda binary: binary.name)
def test_every_binary_is_a_tool_of_its_go_mod(binary: catalogue.Binary):
    # The tool lines are what `go mod tidy` keeps the requirements for.
    assert f"{binary.package}\n" in (binary.group.folder / "go.mod").read_text()
