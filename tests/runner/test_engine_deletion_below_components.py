"""What depends on a component is deleted before anything that lies below the component."""

from runner.engine import deletion, model

_STACK = "urn:pulumi:dev::shop::"


def entry(name, *, kind="kubernetes:core/v1:ConfigMap", custom=True, parent="", dependencies=()):
    return model.Entry(
        urn=f"{_STACK}{kind}::{name}",
        type=kind,
        id=f"apps/{name}",
        custom=custom,
        parent=parent,
        dependencies=tuple(dependencies),
    )


def order(*entries):
    return [step.entry.urn.rpartition("::")[2] for step in deletion.plan(entries).steps]


def test_custom_resource_goes_before_the_workload_in_the_group_it_depends_on():
    group = entry("operator", kind="kubernetes:yaml/v2:ConfigGroup", custom=False)
    workload = entry("workload", kind="kubernetes:apps/v1:Deployment", parent=group.urn)
    database = entry("database", kind="kubernetes:example.dev/v1:Database", dependencies=[group.urn])

    assert order(group, workload, database) == ["database", "workload", "operator"]


def test_dependents_of_an_outer_component_go_before_what_lies_two_levels_below():
    outer = entry("outer", kind="shop:index:Outer", custom=False)
    inner = entry("inner", kind="shop:index:Inner", custom=False, parent=outer.urn)
    leaf = entry("leaf", parent=inner.urn)
    dependent = entry("dependent", dependencies=[outer.urn])

    names = order(outer, inner, leaf, dependent)

    assert names.index("dependent") < names.index("leaf")


def test_child_that_depends_on_a_dependent_of_its_component_is_still_deleted():
    component = entry("component", kind="shop:index:Component", custom=False)
    dependent = entry("dependent", dependencies=[component.urn])
    child = entry("child", parent=component.urn, dependencies=[dependent.urn])

    assert order(component, dependent, child) == ["child", "dependent", "component"]
