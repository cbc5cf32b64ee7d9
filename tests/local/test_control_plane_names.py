import pytest

from local import layout
from stacks import errors


@pytest.mark.parametrize("name", ["local-dev", "a", "0", "test-1-2"])
def test_a_dns_label_is_a_name(name):
    assert layout.of(name).folder.name == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "Local", "a_b", "a.b", "../a", "a/b", "a" * 51, "a\n"])
def test_anything_else_is_refused_with_exit_code_2(name):
    with pytest.raises(errors.UsageError) as refused:
        layout.of(name)
    assert refused.value.exit_code == 2
