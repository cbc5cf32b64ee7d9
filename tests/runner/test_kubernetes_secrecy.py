from hypothesis import given
from hypothesis import strategies as st

from runner.engine import values
from runner.kubernetes import rejections, secrecy

Secret = values.Secret


def test_the_data_of_a_secret_is_always_secret():
    item = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": {"a": "YQ=="}}
    assert secrecy.marked(item) == {**item, "data": {"a": Secret("YQ==")}}


def test_what_was_secret_in_the_inputs_is_secret_in_the_object():
    inputs = {"spec": {"replicas": Secret(3), "items": [{"v": Secret("abcdefg")}]}}
    item = {"spec": {"replicas": 3, "items": [{"v": "abcdefg", "defaulted": 1}], "more": 3}}
    assert secrecy.marked(item, inputs=inputs) == {
        "spec": {"replicas": Secret(3), "items": [{"v": Secret("abcdefg"), "defaulted": 1}], "more": 3}
    }


def test_a_secret_text_is_found_wherever_a_webhook_has_put_it():
    inputs = {"spec": {"items": [{"v": Secret("hunter2!")}]}}
    item = {"spec": {"items": [{"injected": True}, {"v": "hunter2!"}], "copy": "--password=hunter2!"}}
    marked = secrecy.marked(item, inputs=inputs)
    assert "hunter2" not in repr(marked)
    assert marked["spec"]["items"][0] == {"injected": True}


def test_a_message_of_the_server_is_cleared():
    error = rejections.rejected(
        "it",
        code=422,
        body={"message": 'Invalid value: "hunter2!"', "details": {"causes": [{"message": "hunter2! is bad"}]}},
    )
    cleared = error.scrubbed({"a": Secret("hunter2!")})
    assert "hunter2" not in str(cleared) + repr(cleared.causes)
    assert "[secret]" in str(cleared)


def test_a_secret_mapping_can_be_opened_without_its_values():
    assert secrecy.opened(Secret({"a": 1})) == {"a": Secret(1)}
    assert secrecy.opened({"a": 1}) == {"a": 1}


plain = st.text("abc", max_size=3) | st.integers(0, 3) | st.booleans()
trees = st.recursive(
    plain | st.just(Secret("t0p-s3cret")) | st.just(Secret({"k": "t0p-s3cret"})),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", max_size=2), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text("xyz", max_size=2), trees))
def test_no_secret_of_the_inputs_is_ever_shown(inputs):
    assert "t0p-s3cret" not in repr(secrecy.marked(values.revealed(inputs), inputs=inputs))
    assert values.revealed(secrecy.marked(values.revealed(inputs), inputs=inputs)) == values.revealed(inputs)
