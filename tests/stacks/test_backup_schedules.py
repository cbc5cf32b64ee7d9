"""When backups may be made: five fields of cron, each within its bounds."""

from __future__ import annotations

import pydantic
import pytest

from stacks.services import instance


@pytest.mark.parametrize(
    "schedule", ["0 2 * * *", "*/15 * * * *", "30 1,13 1-15/2 JAN-MAR mon-fri", "59 23 31 12 7", "05 02 09 01 0"]
)
def test_a_schedule_is_taken(schedule):
    assert instance.Backups(schedule=schedule).schedule == schedule


@pytest.mark.parametrize(
    "schedule",
    ["99 99 * * *", "60 2 * * *", "0 24 * * *", "0 2 0 * *", "0 2 32 * *", "0 2 * 13 *", "0 2 * * 8", "0 2 * *", "--"],
)
def test_a_schedule_out_of_bounds_is_refused(schedule):
    with pytest.raises(pydantic.ValidationError, match="pattern"):
        instance.Backups(schedule=schedule)
