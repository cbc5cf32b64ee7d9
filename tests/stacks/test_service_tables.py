"""What the documents of services say about sizes is what stack files get."""

from __future__ import annotations

from typing import ClassVar, Literal

import pytest

from stacks import service_tables
from stacks.services import catalogue, instance


class Ledger(instance.Instance):
    """A service of the tests'."""

    SIZES: ClassVar = {"small": instance.Server(cpu="1", memory="2Gi", storage="3Gi")}
    SERVERS: ClassVar = {"single": 1, "zonal": 3}

    service: Literal["ledger"] = "ledger"


@pytest.mark.parametrize("service", sorted(catalogue.SERVICES))
def test_every_service_has_a_document_with_the_sizes_of_today(service):
    text = service_tables.page(service).read_text(encoding="utf-8")
    assert service_tables.current(service) == text, "run: python -m stacks.service_tables"


def test_a_row_for_each_size_and_each_availability():
    assert service_tables.tables(Ledger) == (
        "| size | cpu | memory | storage |\n"
        "| --- | --- | --- | --- |\n"
        "| `small` | 1 | 2Gi | 3Gi |\n"
        "\n"
        "| availability | servers |\n"
        "| --- | --- |\n"
        "| `single` | 1 |\n"
        "| `zonal` | 3 |\n"
    )
