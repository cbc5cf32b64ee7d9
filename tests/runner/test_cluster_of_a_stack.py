import asyncio
import pathlib

import pytest

from runner import cluster
from runner.engine import values
from stacks import errors, settings


def of_output(value, *, root=pathlib.Path("/nowhere")):
    """The kubeconfig to use where another stack has `value` as its output `kubeconfig`."""
    place = settings.ExistingCluster(
        vendor="existing",
        name="shared",
        kubeconfig=settings.KubeconfigOutput(stack="base"),
        storage=settings.ExistingStorage(provisioner="a.b"),
    )

    async def stack_outputs(_name):
        return {"kubeconfig": value}

    return asyncio.run(cluster.of(place, stack="app", root=root, stack_outputs=stack_outputs)).kubeconfig


@pytest.mark.parametrize("text", ["kind: Config\nusers: []\n", '{"kind": "Config"}', ' {"kind": "Config"}\n'])
def test_an_output_may_be_the_text_of_a_kubeconfig(text):
    assert of_output(values.Secret(text)) == text


@pytest.mark.parametrize("spelled", ["{folder}/kc", "kc", "kc\n"])
def test_an_output_may_be_the_path_of_a_kubeconfig(tmp_path, spelled):
    (tmp_path / "kc").write_text("kind: Config\n")
    assert of_output(spelled.format(folder=tmp_path), root=tmp_path) == f"{tmp_path}/kc"


@pytest.mark.parametrize(
    "value",
    ["t0ken", "t0ken\n", "/nowhere/t0ken", "~nobody-of-that-name/t0ken", "t0ken" * 1000, "t0ken\0", "", 7, None],
    ids=["word", "line", "missing path", "missing home", "long", "no path at all", "empty", "number", "nothing"],
)
def test_any_other_output_is_refused_and_not_repeated(value):
    with pytest.raises(
        errors.UsageError, match="the stack base has no output 'kubeconfig' with a kubeconfig"
    ) as caught:
        of_output(values.Secret(value))
    assert "t0ken" not in str(caught.value)
    assert "./paasport outputs base" in caught.value.problems[0].next
