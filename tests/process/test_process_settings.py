"""GoSettings: what it accepts, and what a program gets of it."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedlab import process
from schedlab.errors import UsageError

if TYPE_CHECKING:
    from schedlab.toolchain import Binary


def environment_of(subject: Binary, **options: Any) -> dict[str, str]:
    """The environment that a program sees, under these options of ``run``."""
    facts = process.run(subject, ["facts"], **options).check().json()
    return dict(entry.split("=", 1) for entry in facts["env"])


def test_all_settings_as_variables() -> None:
    settings = process.GoSettings(
        gomaxprocs=3,
        godebug={"gctrace": 1, "asyncpreemptoff": "1"},
        gogc="off",
        gomemlimit="512MiB",
        gotraceback="system",
        schedtrace_ms=100,
        scheddetail=True,
    )
    assert settings.environment() == {
        "GOMAXPROCS": "3",
        "GODEBUG": "gctrace=1,asyncpreemptoff=1,schedtrace=100,scheddetail=1",
        "GOGC": "off",
        "GOMEMLIMIT": "512MiB",
        "GOTRACEBACK": "system",
    }


def test_no_settings_are_no_variables() -> None:
    assert process.GoSettings().environment() == {}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"gomaxprocs": 0}, "gomaxprocs: 0"),
        ({"gomaxprocs": -1}, "gomaxprocs: -1"),
        ({"gomaxprocs": 2**31}, "gomaxprocs"),
        ({"gomaxprocs": True}, "gomaxprocs: True"),
        ({"gomaxprocs": "4"}, "gomaxprocs: '4'"),
        ({"gogc": -1}, "gogc: -1"),
        ({"gogc": "on"}, "gogc: 'on'"),
        ({"gomemlimit": "512MB"}, "gomemlimit: '512MB'"),
        ({"gomemlimit": "-1"}, "gomemlimit"),
        ({"gomemlimit": ""}, "gomemlimit"),
        ({"gomemlimit": "1MiB\n"}, "gomemlimit"),
        ({"gomemlimit": 1024}, "gomemlimit"),
        ({"gotraceback": "loud"}, "gotraceback: 'loud'"),
        ({"schedtrace_ms": 0}, "schedtrace_ms: 0"),
        ({"scheddetail": True}, "alone it prints nothing"),
        ({"schedtrace_ms": 5, "godebug": {"schedtrace": 7}}, "schedtrace is given twice"),
        (
            {"schedtrace_ms": 5, "scheddetail": True, "godebug": {"scheddetail": 1}},
            "scheddetail is given twice",
        ),
        ({"godebug": {"": 1}}, "not the name"),
        ({"godebug": {"a=b": 1}}, "not the name"),
        ({"godebug": {"gctrace": True}}, "neither text nor"),
        ({"godebug": {"gctrace": 1.5}}, "neither text nor"),
        ({"godebug": {"gctrace": "1,schedtrace=1"}}, "comma"),
        ({"godebug": {"gctrace": ""}}, "empty"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        process.GoSettings(**wrong)


@given(
    st.dictionaries(
        st.text(), st.text() | st.integers() | st.floats() | st.none() | st.booleans(), max_size=3
    ),
    st.text() | st.none() | st.integers(),
    st.text() | st.none() | st.integers(),
)
def test_whatever_is_given_it_is_taken_or_refused(godebug: Any, gomemlimit: Any, gogc: Any) -> None:
    try:
        settings = process.GoSettings(godebug=godebug, gomemlimit=gomemlimit, gogc=gogc)
    except UsageError:
        return
    pairs = [pair.split("=") for pair in settings.environment().get("GODEBUG", "").split(",") if pair]
    assert pairs == [[name, str(value)] for name, value in godebug.items()]


def test_settings_do_not_change_with_the_dict_they_were_made_from() -> None:
    debug: dict[str, str | int] = {"gctrace": 1}
    settings = process.GoSettings(godebug=debug)
    debug["gctrace"] = 0
    assert settings.environment() == {"GODEBUG": "gctrace=1"}


def test_settings_are_hashable_and_picklable() -> None:
    settings = process.GoSettings(gomaxprocs=2, godebug={"gctrace": 1})
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert hash(settings) == hash(process.GoSettings(gomaxprocs=2, godebug={"gctrace": 1}))


def test_the_runtimes_variables_are_not_inherited(subject: Binary, monkeypatch: pytest.MonkeyPatch) -> None:
    inherited = {
        "GOMAXPROCS": "7",
        "GODEBUG": "gctrace=1",
        "GOGC": "5",
        "GOMEMLIMIT": "1GiB",
        "GOTRACEBACK": "all",
        "SCHEDLAB_TEST_ORDINARY": "kept",
    }
    for name, value in inherited.items():
        monkeypatch.setenv(name, value)
    seen = environment_of(subject)
    assert {name: seen[name] for name in inherited if name in seen} == {"SCHEDLAB_TEST_ORDINARY": "kept"}
    seen = environment_of(subject, settings=process.GoSettings(gomaxprocs=2, gogc=50))
    assert {name: seen[name] for name in inherited if name in seen} == {
        "GOMAXPROCS": "2",
        "GOGC": "50",
        "SCHEDLAB_TEST_ORDINARY": "kept",
    }


def test_env_adds_to_the_environment(subject: Binary) -> None:
    seen = environment_of(subject, env={"SCHEDLAB_TEST_ADDED": "ä\udcff=,"})
    assert seen["SCHEDLAB_TEST_ADDED"].startswith("ä")
    assert "PATH" in seen


@pytest.mark.parametrize(
    "env", [{"GOMAXPROCS": "2"}, {"": "x"}, {"A=B": "x"}, {"A": "x\0y"}, {"A\0": "x"}, {"A": 1}, {1: "A"}]
)
def test_what_env_cannot_hold_is_refused(subject: Binary, env: Any) -> None:
    with pytest.raises(UsageError, match="env: "):
        process.run(subject, ["facts"], env=env)


def test_gomaxprocs_arrives(subject: Binary) -> None:
    for count in (1, 2, 5):
        facts = process.run(subject, ["facts"], settings=process.GoSettings(gomaxprocs=count)).json()
        assert facts["gomaxprocs"] == count


def test_schedtrace_arrives(subject: Binary) -> None:
    settings = process.GoSettings(schedtrace_ms=1, scheddetail=True, gomaxprocs=2)
    # It burns CPU until a count of its own, so the trace has many lines, however slow the machine is.
    finished = process.run(subject, ["burn", 60], settings=settings).check()
    # The program may end in the middle of a line.
    *lines, _ = finished.stderr.split("\n")
    summaries = [line for line in lines if line.startswith("SCHED ")]
    assert len(summaries) >= 2
    assert all("gomaxprocs=2 " in line for line in summaries)
    assert finished.settings is settings
