"""The catalogue of a stack as one of its settings: a text in a stack file, and what that text brings in Python."""

from __future__ import annotations

from typing import Annotated, Any

import pydantic
from pydantic_core import core_schema

from stacks.catalogues import model, places


class _Loaded:
    """Accepts what is loaded; in JSON it is the text that names it."""

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: pydantic.GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.json_or_python_schema(
            json_schema=core_schema.str_schema(pattern=places.FORM),
            python_schema=core_schema.is_instance_schema(model.Catalogue),
        )


Catalogue = Annotated[model.Catalogue, _Loaded()]
