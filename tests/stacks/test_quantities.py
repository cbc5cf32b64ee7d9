import decimal

import pytest

from stacks import quantities


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("16", "16"),
        ("500m", "0.5"),
        ("1.5", "1.5"),
        (".5", "0.5"),
        ("2.", "2"),
        ("1e3", "1000"),
        ("12E-1", "1.2"),
        ("1k", "1000"),
        ("3M", "3000000"),
        ("1E", "1000000000000000000"),
        ("7u", "0.000007"),
        ("1Ki", "1024"),
        ("64Gi", "68719476736"),
        ("1Ei", "1152921504606846976"),
    ],
)
def test_a_quantity_has_its_exact_value(text, expected):
    assert quantities.value(text) == decimal.Decimal(expected)


@pytest.mark.parametrize(
    "text", ["", "16 cores", "1KiB", "-1", "+1", "1g", "1.2.3", ".", "1e", "1ee3", "5Gi\n", "\u0661"]
)
def test_anything_else_is_no_quantity(text):
    with pytest.raises(ValueError, match="no Kubernetes quantity"):
        quantities.value(text)
