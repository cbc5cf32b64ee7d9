import typing

import pydantic

from stacks import settings
from stacks.services import catalogue


def models(annotation):
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return [annotation]
    return [model for part in typing.get_args(annotation) for model in models(part)]


def secret_paths(model, path):
    for name, field in model.model_fields.items():
        place = (*path, field.alias or name)
        if field.annotation is pydantic.SecretStr:
            yield place
        for inner in models(field.annotation):
            yield from secret_paths(inner, place)


def test_what_must_be_encrypted_is_what_the_settings_hide():
    found = {path for model in settings.CLUSTERS.values() for path in secret_paths(model, (settings.CLUSTER_KEY,))}
    assert found == set(settings.SECRET_PATHS)


def test_no_service_has_a_secret_that_would_need_a_path_of_its_own():
    assert [path for model in catalogue.SERVICES.values() for path in secret_paths(model, ())] == []
