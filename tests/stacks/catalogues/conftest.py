from __future__ import annotations

import pytest

from .makers import Maker


@pytest.fixture
def maker(tmp_path):
    return Maker(tmp_path)
