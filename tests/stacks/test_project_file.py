"""What Pulumi's own CLI demands of Pulumi.yaml: see project.json and project.go in its sdk/go/common/workspace."""

import pytest
import yaml

from stacks import settings

from . import conftest


@pytest.fixture(scope="module")
def written():
    return yaml.safe_load((conftest.ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))


def test_the_project_is_named_like_the_namespace_of_its_keys(written):
    assert written["name"] == settings.PROJECT == "paasport"


def test_the_program_is_at_the_root_and_the_stack_files_are_not(written):
    assert "main" not in written
    assert (conftest.ROOT / written["stackConfigDir"] / "Pulumi.local-dev.yaml").is_file()


def test_pulumi_uses_the_environment_that_paasport_sets_up(written):
    assert written["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}}


def test_all_our_keys_are_declared_with_a_type_that_pulumi_knows(written):
    types = {key: declaration["type"] for key, declaration in written["config"].items()}
    assert types == {
        settings.CLUSTER_KEY: "object",
        settings.SERVICES_KEY: "object",
        settings.CATALOGUE_KEY: "string",
    }


def test_only_the_cluster_must_be_given(written):
    assert [key for key, declaration in written["config"].items() if "default" not in declaration] == [
        settings.CLUSTER_KEY
    ]
