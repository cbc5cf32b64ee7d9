"""A vendor's resources in a simulated account: programs of a process of their own, against a double of the account."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from runner.engine import values
from stacks import errors
from tests.runner import account_double
from tests.runner import engine_doubles as doubles

VPC = "aws:ec2/vpc:Vpc"


class Cloud:
    """A stack of one cloud's resources."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.bench = doubles.Bench(folder)
        self.account = account_double.FakeAccount()

    def run(self, operation: str, program: str = "", **more: Any) -> doubles.Told:
        preamble = f"""
def vpc(name, opts=None, **inputs):
    resource = pulumi.CustomResource("{VPC}", name, {{"arn": None, **inputs}}, opts)
    resource.arn = resource.__dict__["arn"]
    return resource

"""
        return self.bench.simulate(operation, preamble + program, account=self.account, **more)

    @property
    def there(self) -> dict[str, dict[str, Any]]:
        return {identity: dict(made.inputs) for identity, made in self.account.made.items()}


@pytest.fixture
def cloud(tmp_path: pathlib.Path) -> Cloud:
    return Cloud(tmp_path)


def test_a_resource_is_made_and_the_program_gets_what_the_vendor_says(cloud: Cloud) -> None:
    told = cloud.run("up", 'pulumi.export("arn", vpc("a", color="red").arn)')

    assert told.operations == {"a": "create"}
    assert told.outputs == {"arn": "arn:a-1"}
    assert cloud.there == {"a-1": {"region": "here", "color": "red"}}


def test_what_is_simulated_is_said_to_be_so(cloud: Cloud) -> None:
    told = cloud.run("up", 'vpc("a")')

    assert {event.name: event.simulated for event in told.finished} == {"shop-dev": False, "a": True}


def test_a_provider_of_a_vendor_is_simulated_too_and_lends_its_settings(cloud: Cloud) -> None:
    settings = '{"region": "eu-1", "defaultTags": \'{"tags": {"a": "b"}}\', "allowedAccountIds": \'["123"]\'}'
    told = cloud.run(
        "up", f'p = pulumi.ProviderResource("aws", "main", {settings})\nvpc("a", opts=Options(provider=p))'
    )

    (provider,) = [event for event in told.finished if event.name == "main"]
    ((_, _, given),) = cloud.account.checks
    assert provider.simulated
    assert given == {"region": "eu-1", "defaultTags": {"tags": {"a": "b"}}, "allowedAccountIds": ["123"]}


def test_an_unchanged_program_changes_nothing(cloud: Cloud) -> None:
    program = 'pulumi.export("arn", vpc("a", color="red").arn)'
    cloud.run("up", program)
    cloud.account.calls.clear()

    told = cloud.run("up", program)

    assert told.operations == {"a": "same"}
    assert told.outputs == {"arn": "arn:a-1"}
    assert cloud.account.calls == []


def test_a_changed_property_is_updated_in_place(cloud: Cloud) -> None:
    cloud.run("up", 'vpc("a", color="red")')

    told = cloud.run("up", 'vpc("a", color="blue")')

    (made,) = [event for event in told.finished if event.name == "a"]
    assert [(change.path, change.before, change.after) for change in made.changes] == [("color", "red", "blue")]
    assert cloud.there == {"a-1": {"region": "here", "color": "blue"}}


def test_an_immutable_property_makes_a_successor_before_the_old_one_goes(cloud: Cloud) -> None:
    cloud.run("up", 'vpc("a", size=1)')

    told = cloud.run("up", 'vpc("a", size=2)')

    assert told.operations == {"a": "replace"}
    assert cloud.account.calls == ["create a-1", "create a-2", "delete a-1"]
    assert cloud.bench.remembered["a"].id == "a-2"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('vpc("a", fixedName="x", size=1)', 'vpc("a", fixedName="x", size=2)'),
        ('vpc("a", size=1)', 'vpc("a", size=2, opts=Options(delete_before_replace=True))'),
    ],
    ids=["the name must be free", "the program asks for it"],
)
def test_the_old_one_goes_first_where_it_must(cloud: Cloud, before: str, after: str) -> None:
    cloud.run("up", before)

    cloud.run("up", after)

    assert cloud.account.calls == ["create a-1", "delete a-1", "create a-2"]


def test_replace_on_changes_means_a_property_and_all_in_it(cloud: Cloud) -> None:
    options = 'opts=Options(replace_on_changes=["settings.mode"])'
    cloud.run("up", f'vpc("a", settings={{"mode": {{"x": 1}}, "other": 1}}, {options})')

    updated = cloud.run("preview", f'vpc("a", settings={{"mode": {{"x": 1}}, "other": 2}}, {options})')
    replaced = cloud.run("preview", f'vpc("a", settings={{"mode": {{"x": 2}}, "other": 1}}, {options})')

    assert (updated.operations, replaced.operations) == ({"a": "update"}, {"a": "replace"})


def test_ignored_changes_leave_what_others_have_set(cloud: Cloud) -> None:
    program = 'vpc("a", scaling={{"desired": {0}, "most": {1}}}, opts=Options(ignore_changes=["scaling.desired"]))'
    cloud.run("up", program.format(1, 5))
    cloud.account.made["a-1"].inputs["scaling"]["desired"] = 4  # type: ignore[index]

    kept = cloud.run("preview", program.format(2, 5))
    cloud.run("up", program.format(2, 9))

    assert kept.operations == {"a": "same"}
    assert cloud.there["a-1"]["scaling"] == {"desired": 4, "most": 9}


def test_a_protected_resource_is_not_replaced(cloud: Cloud) -> None:
    cloud.run("up", 'vpc("a", size=1, opts=Options(protect=True))')

    told = cloud.run("up", 'vpc("a", size=2, opts=Options(protect=True))')

    assert told.failures["a"].startswith("a would have to be replaced, but is protected: size")
    assert cloud.there == {"a-1": {"region": "here", "size": 1}}


def test_what_the_vendor_refuses_is_the_resources_failure(cloud: Cloud) -> None:
    told = cloud.run("up", 'vpc("a", color="plaid")\nvpc("b")')

    assert told.failures == {"a": "a: color: plaid is no color"}
    assert set(cloud.there) == {"b-1"}


def test_a_preview_makes_nothing_and_knows_only_what_was_given(cloud: Cloud) -> None:
    told = cloud.run("preview", 'a = vpc("a", color="red")\nvpc("b", color=a.arn)\npulumi.export("arn", a.arn)')

    assert told.operations == {"a": "create", "b": "create"}
    assert told.outputs == {"arn": values.UNKNOWN}
    assert (cloud.account.calls, cloud.bench.cluster.writes) == ([], [])


def test_a_preview_of_an_update_knows_what_stays(cloud: Cloud) -> None:
    cloud.run("up", 'vpc("a", color="red")')

    told = cloud.run("preview", 'pulumi.export("arn", vpc("a", color="blue").arn)')

    assert (told.operations, told.outputs) == ({"a": "update"}, {"arn": "arn:a-1"})


def test_a_preview_does_not_take_for_missing_what_the_vendor_completes(cloud: Cloud) -> None:
    told = cloud.run(
        "preview",
        """
c = pulumi.CustomResource(
    "azure-native:containerservice:ManagedCluster", "a", {"oidcIssuerProfile": {"enabled": True}}
)
pulumi.export("issuer", c.__dict__["oidcIssuerProfile"].apply(lambda profile: profile["issuerURL"]))
""",
    )

    assert told.errors == ""
    assert told.outputs == {"issuer": values.UNKNOWN}


def test_a_secret_reaches_the_vendor_and_neither_messages_nor_the_inventory(cloud: Cloud) -> None:
    program = """
password = pulumi.Output.secret("correct-horse")
a = vpc("a", settings={{"user": "me", "password": password}}, color="{}")
pulumi.export("settings", a.__dict__["settings"])
"""
    cloud.run("up", program.format("red"))

    told = cloud.run("up", program.format("blue"))

    assert cloud.there["a-1"]["settings"] == {"user": "me", "password": "correct-horse"}
    assert cloud.account.secret_paths["a"] == ("settings.password",)
    assert told.outputs == {"settings": values.Secret({"user": "me", "password": "correct-horse"})}
    assert "correct-horse" not in repr((told, cloud.bench.events, cloud.bench.cluster.objects))


def test_a_secret_that_the_accounts_file_lacks_is_that_of_the_inventory(cloud: Cloud) -> None:
    program = """
a = vpc("a", settings={"user": "me", "password": pulumi.Output.secret("correct-horse")})
pulumi.export("settings", a.__dict__["settings"])
"""
    cloud.run("up", program)
    made = cloud.account.made["a-1"]
    for state in (made.inputs, made.outputs):
        state["settings"] = {"user": "me", "password": "[secret]"}  # type: ignore[index]

    told = cloud.run("up", program)

    assert told.operations == {"a": "same"}
    assert told.outputs == {"settings": values.Secret({"user": "me", "password": "correct-horse"})}


def test_an_output_that_the_program_calls_secret_is_kept_so(cloud: Cloud) -> None:
    told = cloud.run("up", 'pulumi.export("arn", vpc("a", opts=Options(additional_secret_outputs=["arn"])).arn)')

    assert told.outputs == {"arn": values.Secret("arn:a-1")}
    assert cloud.bench.remembered["a"].outputs["arn"] == values.Secret("arn:a-1")


def test_what_left_the_program_is_deleted_and_what_is_retained_is_kept_and_told(cloud: Cloud) -> None:
    cloud.run("up", 'vpc("a")\nvpc("b", opts=Options(retain_on_delete=True))')

    told = cloud.run("up", "")

    # Which of the two was made first, and so has which number, is open.
    assert [made.partition("-")[0] for made in cloud.there] == ["b"]
    assert "b is kept: retain_on_delete" in told.messages
    assert cloud.bench.remembered == {}


def test_a_retained_resource_outlives_its_successor(cloud: Cloud) -> None:
    cloud.run("up", 'vpc("a", size=1, opts=Options(retain_on_delete=True))')

    cloud.run("up", 'vpc("a", size=2, opts=Options(retain_on_delete=True, delete_before_replace=True))')

    assert set(cloud.there) == {"a-1", "a-2"}


def test_a_deletion_that_the_vendor_refuses_is_tried_again_by_the_next_run(cloud: Cloud) -> None:
    cloud.run("up", 'vpc("a")')
    cloud.account.undeletable = {"a-1"}

    refused = cloud.run("destroy")
    cloud.account.undeletable = set()
    cloud.run("destroy")

    assert refused.failures == {"a": "a-1 is still in use"}
    assert cloud.there == {}


def test_what_somebody_has_deleted_is_made_again_and_told_as_drift(cloud: Cloud) -> None:
    cloud.run("up", 'vpc("a")')
    cloud.account.made.clear()

    told = cloud.run("up", 'vpc("a")')

    (made,) = [event for event in told.finished if event.name == "a"]
    assert (made.operation, made.drifted) == ("create", True)
    assert set(cloud.there) == {"a-2"}


def test_what_somebody_has_changed_is_mended_and_told_as_drift(cloud: Cloud) -> None:
    cloud.run("up", 'vpc("a", color="red")')
    cloud.account.made["a-1"].inputs["color"] = "green"  # type: ignore[index]

    told = cloud.run("up", 'vpc("a", color="red")')

    (made,) = [event for event in told.finished if event.name == "a"]
    assert (made.operation, made.drifted) == ("update", True)
    assert cloud.there["a-1"]["color"] == "red"


def test_an_update_that_a_killed_run_has_left_is_done_again(cloud: Cloud) -> None:
    cloud.run("up", 'vpc("a", color="red")')

    def die(_: str) -> None:
        raise RuntimeError("the machine is gone")

    cloud.account.before_call = die
    cloud.run("up", 'vpc("a", color="blue")')
    cloud.account.before_call = lambda _: None
    told = cloud.run("up", 'vpc("a", color="blue")')

    assert told.operations == {"a": "update"}
    assert cloud.there["a-1"]["color"] == "blue"


def test_a_creation_that_failed_is_tried_again_without_a_word_about_leftovers(cloud: Cloud) -> None:
    def fail(call: str) -> None:
        raise errors.VendorRefused.of(f"{call}: internal error")

    cloud.account.before_call = fail
    failed = cloud.run("up", 'vpc("a")')
    cloud.account.before_call = lambda _: None
    told = cloud.run("up", 'vpc("a")')

    assert failed.failures == {"a": "create a-1: internal error"}
    assert (told.operations, told.messages) == ({"a": "create"}, [])


def test_custom_timeouts_hold(cloud: Cloud) -> None:
    told = cloud.run("up", 'vpc("a", opts=Options(custom_timeouts=pulumi.CustomTimeouts(create="5m", delete="1h")))')

    assert not told.failed
    assert cloud.bench.remembered["a"].delete_timeout == 3600


def test_an_existing_resource_is_read_and_not_owned(cloud: Cloud) -> None:
    cloud.run("up", 'vpc("a", color="red")')

    told = cloud.run(
        "up",
        """
vpc("a", color="red")
theirs = vpc("theirs", opts=Options(id="a-1"))
pulumi.export("arn", theirs.arn)
""",
    )

    assert told.outputs == {"arn": "arn:a-1"}
    assert set(cloud.bench.remembered) == {"a"}


def test_an_import_is_refused(cloud: Cloud) -> None:
    told = cloud.run("up", 'vpc("a", opts=Options(import_="x"))')

    assert told.failures["a"].startswith("a resource of a simulated vendor cannot be imported")


def test_without_a_simulated_account_a_vendor_is_refused(cloud: Cloud) -> None:
    told = cloud.bench.simulate("preview", f'pulumi.CustomResource("{VPC}", "a", {{}})')

    assert "the embedded engine has no provider for aws" in told.failures["a"]


def test_a_function_is_answered_by_the_vendor_with_the_providers_settings(cloud: Cloud) -> None:
    told = cloud.run(
        "up",
        """
p = pulumi.ProviderResource("aws", "main", {"region": "eu-1"})
found = pulumi.runtime.invoke_output("aws:test/find:find", {"name": "x"}, pulumi.InvokeOptions(provider=p))
pulumi.export("found", found.apply(lambda answer: answer["found"]))
""",
    )

    assert told.outputs == {"found": "x in eu-1"}


def test_a_function_of_something_secret_answers_in_secret(cloud: Cloud) -> None:
    told = cloud.run(
        "up",
        """
found = pulumi.runtime.invoke_output("aws:test/find:find", {"name": pulumi.Output.secret("hidden-name")})
pulumi.export("found", found.apply(lambda answer: answer["found"]))
""",
    )

    assert told.outputs == {"found": values.Secret("hidden-name in no region")}
    assert "hidden-name" not in repr(cloud.bench.events)


def test_a_function_of_something_unknown_is_not_asked(cloud: Cloud) -> None:
    told = cloud.run(
        "preview",
        """
found = pulumi.runtime.invoke_output("aws:test/find:find", {"name": vpc("a").arn})
pulumi.export("found", found.apply(lambda answer: answer["found"]))
""",
    )

    assert told.outputs == {"found": values.UNKNOWN}
    assert cloud.account.calls == []


def test_a_function_that_the_vendor_does_not_have_is_an_error_of_the_program(cloud: Cloud) -> None:
    told = cloud.run("up", 'pulumi.runtime.invoke("aws:test/lose:lose", {})')

    assert "invoke of aws:test/lose:lose failed: no such function" in told.errors
