import pytest

from stacks import overview


def test_the_readme_s_table_is_that_of_the_stack_files():
    text = overview.README.read_text(encoding="utf-8")
    assert overview.replaced(text, content=overview.table(overview.ROOT)) == text, "run: python -m stacks.overview"


def test_only_what_is_between_the_marks_is_replaced():
    assert overview.replaced("a <b> old <e> z", content="new", begin="<b>", end="<e>") == "a <b>\nnew<e> z"


def test_a_document_without_marks_is_not_touched():
    with pytest.raises(ValueError, match="are missing"):
        overview.replaced("text", content="new")
