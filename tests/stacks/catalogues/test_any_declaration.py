"""Whatever stands in a maker's files: it is taken or told with file, reason and next step, and nothing else happens."""

from __future__ import annotations

import copy
import pathlib
import tempfile

import yaml
from hypothesis import given
from hypothesis import strategies as st

from stacks import errors, settings

from . import makers

FRAGMENT = makers.ROOT / "docs/add-a-service.md"
SHOP = yaml.safe_load((makers.ACME / "services/shop.yaml").read_text())
MORE = yaml.safe_load(FRAGMENT.read_text().partition("```yaml more\n")[2].partition("```")[0])
WHOLE = {**SHOP, **MORE}
LOCK = yaml.safe_load((makers.ACME / "releases.lock.yaml").read_text())

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 70000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "${", "${name}", "${spread}", "${password.admin}", "kube-system", "a:1", "/x", "$${a}", "-1"]),
    st.text(alphabet="aA0-./:${} ", max_size=8),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "kind", "ready", "0"]), inner),
    max_leaves=6,
)


def paths(value, prefix=()):
    yield prefix
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*prefix, key))


def put(whole, path, value):
    """A copy with another value at the path; None as `value` takes the key away half of the time by the caller."""
    if not path:
        return value
    changed = copy.deepcopy(whole)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


def judged(service, lock):
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name, "project")
        root.mkdir()
        maker = makers.Maker(root.parent)
        maker.shop.write_text(yaml.safe_dump(service))
        (maker.folder / "releases.lock.yaml").write_text(yaml.safe_dump(lock))
        wanted = {**makers.CONFIG, "paasport:services": {"web": {"service": "shop", "availability": "zonal"}}}
        found = settings.outside_of(wanted, root=root)
        try:
            settings.parse(wanted, catalogue=found, file="stack.yaml")
        except errors.StackFileError as error:
            return error.problems
        return ()


def sound(problems):
    for problem in problems:
        assert problem.what
        assert problem.why
        assert problem.next
        assert problem.file in ("stack.yaml", "../acme/services/shop.yaml", "../acme/releases.lock.yaml")


def test_the_whole_declaration_is_right():
    assert judged(WHOLE, LOCK) == ()


@given(st.sampled_from(sorted(paths(WHOLE), key=str)), VALUES)
def test_any_value_in_any_place_of_a_service(path, value):
    sound(judged(put(WHOLE, path, value), LOCK))


@given(st.sampled_from(sorted(paths(LOCK), key=str)), VALUES)
def test_any_value_in_any_place_of_a_lock_file(path, value):
    sound(judged(SHOP, put(LOCK, path, value)))


@given(st.sampled_from(sorted((path for path in paths(WHOLE) if path), key=str)))
def test_any_key_left_out(path):
    changed = copy.deepcopy(WHOLE)
    place = changed
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    sound(judged(changed, LOCK))
