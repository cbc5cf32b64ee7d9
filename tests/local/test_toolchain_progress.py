from __future__ import annotations

import pytest

from local.toolchain import progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (10, "10 s"), (59.9, "59 s"), (60, "1 min 0 s"), (299, "4 min 59 s")],
)
def test_durations_read_like_people_say_them(seconds: float, text: str):
    assert progress.duration(seconds) == text


def test_step_tells_start_heartbeats_and_end():
    clock, lines = Clock(), []
    step = progress.Step("building etcd (5 of 8)", report=lines.append, interval=10, clock=clock)
    for clock.now in (3, 11, 12, 20, 21):
        step.tick(f"{clock.now} packages compiled")
    clock.now = 64
    step.done("built")
    assert lines == [
        "building etcd (5 of 8) ...",
        "building etcd (5 of 8) ... 11 s, 11 packages compiled",
        "building etcd (5 of 8) ... 21 s, 21 packages compiled",
        "building etcd (5 of 8) ... built in 1 min 4 s",
    ]


def test_heartbeat_without_detail_is_the_time_alone():
    clock, lines = Clock(), []
    step = progress.Step("fetching Go", report=lines.append, interval=1, clock=clock)
    clock.now = 2
    step.tick()
    assert lines[-1] == "fetching Go ... 2.0 s"


@pytest.mark.parametrize(("terminal", "seconds"), [(True, 1.0), (False, 10.0)])
def test_terminal_gets_a_line_each_second_and_a_log_each_ten(
    monkeypatch: pytest.MonkeyPatch,
    terminal: bool,  # noqa: FBT001 - pytest passes it by name
    seconds: float,
):
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    assert progress.heartbeat_interval() == seconds
