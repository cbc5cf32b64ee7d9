"""A maker's folder beside a project, and what is told of it."""

from __future__ import annotations

import pathlib
import shutil
import textwrap

from stacks import errors, settings

ROOT = pathlib.Path(__file__).parents[3]
ACME = ROOT / "docs/examples/acme"
CONFIG = {"paasport:cluster": {"vendor": "local"}, "paasport:catalogue": "../acme"}


class Maker:
    """The folder `acme` beside the folder `project`."""

    def __init__(self, parent: pathlib.Path) -> None:
        self.root = parent / "project"
        self.root.mkdir(exist_ok=True)
        self.folder = parent / "acme"
        shutil.copytree(ACME, self.folder)
        self.shop = self.folder / "services/shop.yaml"

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(textwrap.dedent(text))

    def change(self, old: str, new: str, *, name: str = "services/shop.yaml") -> None:
        text = (self.folder / name).read_text()
        assert text.count(old) == 1, (name, old)
        (self.folder / name).write_text(text.replace(old, new))

    def alone(self, name: str, text: str) -> None:
        """A service in place of all others."""
        for path in (self.folder / "services").iterdir():
            path.unlink()
        (self.folder / "releases.lock.yaml").unlink()
        self.write(name, text)

    def parse(self, services=None, **config):
        wanted = {**CONFIG, "paasport:services": services or {}, **config}
        return settings.parse(wanted, catalogue=settings.outside_of(wanted, root=self.root), file="stack.yaml")

    def told(self, services=None, **config):
        """What is wrong, as a terminal shows it."""
        try:
            self.parse(services, **config)
        except errors.StackFileError as error:
            return [problem.render() for problem in error.problems]
        return []
