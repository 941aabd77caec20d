"""Section 5: figures of other projects, and a script that can be run."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from schedlab.claims import ledger
from schedlab.claims.errors import NotMeasurableHere
from schedlab.claims.model import (
    Decision,
    Entry,
    Measured,
    Values,
    does_not_hold,
    holds,
    imprecise,
    not_measurable,
)
from schedlab.claims.rig import Rig

_ALL = ("1.24", "1.25", "1.26", "1.27")
_SECONDS = {"分钟": 60.0, "秒": 1.0}

# What Prometheus may answer: a value is a string. An empty result has no value.
_ANSWERS = {"150": "150", "150.5": "150.5", "3": "3", "0.35": "0.35", "nothing": None}

# Nothing outside of the folder is asked or changed: each command that would is a stand-in.
_CURL = '#!/bin/sh\ncat "$(dirname "$0")/../answer.json"\n'
_NOTED = '#!/bin/sh\necho "$(basename "$0") $*" >> "$(dirname "$0")/../calls"\n'


def rates(_: Rig) -> Measured:
    """The changes that the table prints, and those that follow from its own values."""
    found = {}
    for name in ("C5.1", "C5.4"):
        (claim,) = ledger.choose([name])
        found[name] = [_change(line) for line in claim.original.splitlines()]
    said = "; ".join(
        f"{before:g} to {after:g} is {real:+.2f} %, printed is {printed:+g} %"
        for rows in found.values()
        for before, after, printed, real in rows
    )
    return Measured({name: [list(row) for row in rows] for name, rows in found.items()}, said)


def _change(line: str) -> tuple[float, float, float, float]:
    """``before after printed real`` of one row; the changes in percent."""
    _, before, after, change = line.split()
    printed = float(change.strip("↓↑%")) * (-1 if change[0] == "↓" else 1)
    first, last = _value(before), _value(after)
    return first, last, printed, 100 * (last - first) / first


def _value(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(.*)", text).groups()  # type: ignore[union-attr]
    return float(number) * _SECONDS.get(unit, 1.0)


def script(rig: Rig) -> Measured:
    """Run the script as it is printed, with each answer; curl, kubectl and istioctl are stand-ins."""
    for tool in ("bash", "jq"):
        if not shutil.which(tool):
            raise NotMeasurableHere(f"the script needs {tool}, and there is none here")
    (claim,) = ledger.choose(["C5.2"])
    runs = {name: _run(rig, claim.original, answer) for name, answer in _ANSWERS.items()}
    said = "; ".join(
        f"answer {name}: {'it acts' if run['calls'] else 'it does nothing'}"
        + (f", and bash says {run['error']!r}" if run["error"] else "")
        for name, run in runs.items()
    )
    return Measured({"runs": runs}, said)


def _run(rig: Rig, text: str, answer: str | None) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="schedlab-claim-") as made:
        folder = Path(made)
        (folder / "bin").mkdir()
        for name, stand_in in (("curl", _CURL), ("kubectl", _NOTED), ("istioctl", _NOTED)):
            (folder / "bin" / name).write_text(stand_in, encoding="utf-8")
            (folder / "bin" / name).chmod(0o755)
        result = [] if answer is None else [{"metric": {}, "value": [1700000000.0, answer]}]
        document = {"status": "success", "data": {"resultType": "vector", "result": result}}
        (folder / "answer.json").write_text(json.dumps(document), encoding="utf-8")
        (folder / "script.sh").write_text(text, encoding="utf-8")
        done = rig.command('PATH="$PWD/bin:$PATH" bash script.sh', folder)
        calls = folder / "calls"
        made_calls = calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []
    lines = [line.partition(": ")[2] for line in done.stderr.splitlines() if line.strip()]
    return {"calls": made_calls, "error": lines[0] if lines else ""}


def query(_: Rig) -> Measured:
    """The query of the printed address, decoded, and what PromQL has no place for in it."""
    (claim,) = ledger.choose(["C5.7"])
    text = unquote(claim.original.partition("=")[2])
    problems = []
    if found := re.search(r"\)(\[\w+\])", text):
        problems.append(
            f"a range {found[1]} on a function's result, which would be a subquery and need a colon"
        )
    if "||" in text:
        problems.append("the operator ||, where PromQL has 'or'")
    said = f"the query is {text}" + (f": it has {', and '.join(problems)}" if problems else "")
    return Measured({"query": text, "problems": problems}, said)


def metric(_: Rig) -> Measured:
    """The metric that the text names, and the one that the script asks for."""
    (claim,) = ledger.choose(["C5.8"])
    names = re.findall(r"redis_client_pool_wait_duration_seconds_\w+", claim.original)
    values = {"named": names[0], "asked": names[-1]}
    return Measured(values, f"the text names {values['named']}, the script asks for {values['asked']}")


def _others(what: str) -> Callable[[Rig], Measured]:
    """Each claim gets an experiment of its own that says why there is none."""

    def unmeasured(_: Rig) -> Measured:
        raise NotMeasurableHere(what)

    return unmeasured


def _within_rounding(name: str) -> Callable[[Values], Decision]:
    def decide(values: Values) -> Decision:
        wrong = [
            (printed, real) for _, _, printed, real in values[name] if _rounded(real, printed) != printed
        ]
        if not wrong:
            return holds()
        if all(abs(real - printed) < 1 for printed, real in wrong):
            said = ", ".join(f"{real:+.2f} %, not {printed:+g} %" for printed, real in wrong)
            return imprecise(f"Of these values the change is {said}.", "rounded wrongly")
        return does_not_hold("the printed change does not follow from the printed values")

    return decide


def _rounded(real: float, printed: float) -> float:
    """``real`` with as many digits as ``printed`` has."""
    return round(real, 0 if printed == int(printed) else 1)


def _compares(values: Values) -> Decision:
    runs = values["runs"]
    right = [name for name in ("150", "150.5") if runs[name]["calls"]]
    right += [
        name for name in ("3", "0.35", "nothing") if not runs[name]["calls"] and not runs[name]["error"]
    ]
    if len(right) == len(runs):
        return holds()
    failed = [name for name in runs if runs[name]["error"]]
    if "150" in right and failed:
        return does_not_hold(
            "the shell compares integers, and a rate is none",
            f"It works for integers. For {' and '.join(failed)} bash reports an error and takes the "
            "condition as false.",
        )
    return does_not_hold(f"right only for {', '.join(right) or 'none of the answers'}")


def _answerable(values: Values) -> Decision:
    return does_not_hold("; ".join(values["problems"])) if values["problems"] else holds()


def _same_metric(values: Values) -> Decision:
    if values["named"] == values["asked"]:
        return holds()
    return imprecise(
        f"It asks for {values['asked']}: how many waits there were, not how long they took.",
        "another series of the same histogram",
    )


def _does_both(values: Values) -> Decision:
    calls = values["runs"]["150"]["calls"]
    if [call.split()[0] for call in calls] == ["kubectl", "istioctl"]:
        return holds("if the answer is an integer above 120")
    return does_not_hold(f"it calls {', '.join(calls) or 'nothing'}")


def _unmeasured(_: Values) -> Decision:
    return not_measurable("there is no experiment")


def _elsewhere(name: str, what: str) -> Entry:
    rule = "No rule: it is about systems that are not here."
    return Entry(name, _others(what), rule, _unmeasured, seconds=1, examined=_ALL)


_RATE_RULE = (
    "Holds if the printed change is that of the printed values, rounded to its digits; imprecise within 1 %."
)
_SCRIPT_RULE = (
    "The script as printed, by bash, with stand-ins for curl, kubectl and istioctl. Holds if it acts on "
    "150 and 150.5, and not on 3, 0.35 or an empty result, without an error."
)

ENTRIES = (
    _elsewhere("C5.3", "the project that these figures are of cannot be looked into"),
    Entry("C5.1", rates, _RATE_RULE, _within_rounding("C5.1"), seconds=1, examined=_ALL),
    Entry("C5.4", rates, _RATE_RULE, _within_rounding("C5.4"), seconds=1, examined=_ALL),
    _elsewhere("C5.5", "how long it took them cannot be measured elsewhere"),
    Entry(
        "C5.6",
        script,
        "Holds if the script, told 150 by stand-ins, runs kubectl and then istioctl.",
        _does_both,
        seconds=3,
        examined=_ALL,
    ),
    Entry("C5.2", script, _SCRIPT_RULE, _compares, seconds=3, examined=_ALL),
    Entry(
        "C5.7",
        query,
        "Does not hold if the decoded query has a range without a colon on a function's result, or ||: "
        "neither is in PromQL's grammar.",
        _answerable,
        seconds=1,
        examined=_ALL,
    ),
    Entry("C5.8", metric, "Holds if both names are the same.", _same_metric, seconds=1, examined=_ALL),
    _elsewhere("C5.9", "neither of the two clouds, nor the modules, are here"),
    _elsewhere("C5.10", "Argo CD's history is not part of this course"),
    _elsewhere("C5.11", "the customer's incidents are not public"),
    _elsewhere("C5.12", "neither the model nor its test set is public"),
)
