"""What tests of whole commands share."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest

from runner.commands import project
from stacks import files, settings


@pytest.fixture
def only_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stacks have no service but their metrics: what is tested is the cluster's part, and each service takes its time."""
    read = project.read

    def lean(root: pathlib.Path, name: str) -> files.Stack:
        stack = read(root, name)
        config = {**stack.config, "paasport:services": {"metrics": stack.config["paasport:services"]["metrics"]}}
        return dataclasses.replace(stack, config=config, settings=settings.parse(config))

    monkeypatch.setattr(project, "read", lean)
