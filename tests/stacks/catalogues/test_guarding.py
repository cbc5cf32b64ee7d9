"""A maker's functions that fail while a stack is built: told by the maker's own lines, and no more of them than help."""

from __future__ import annotations

import pytest

from stacks import errors
from stacks.catalogues import guarding, modules


def told(maker, text, **guarded):
    """What is told of the function `build` in a module of this text."""
    maker.write("services/note.py", text)
    module = modules.load(maker.folder / "services/note.py", folder=maker.folder, root=maker.folder)
    with pytest.raises(errors.PaasportError) as raised:
        guarding.guarded(module.build, doing="be built", folder=maker.folder, **guarded)()
    return "\n".join(problem.render() for problem in raised.value.problems) + "\n"


def test_a_function_that_ends_the_program_is_told_as_any_other_failure(maker):
    found = told(maker, "import sys\n\n\ndef build():\n    sys.exit(4)\n")
    assert "services/note.py:5: it cannot be built: SystemExit: 4\n" in found
    assert "services/note.py:5 in build\n" in found


def test_a_value_of_another_type_is_told_where_the_function_stands(maker):
    found = told(maker, "x = 1\n\n\ndef build():\n    return 3\n", gives=str)
    assert "services/note.py:4: it cannot be built: `build` gives a value of type int, not of str\n" in found
    assert "next: correct it" in found


def test_a_recursion_without_an_end_is_told_in_ten_lines(maker):
    found = told(maker, "def build():\n    build()\n")
    assert "it cannot be built: RecursionError: maximum recursion depth exceeded" in found
    assert found.count(" in build") == 10
    assert " more\n" in found
