"""``schedlab sim SPEC.yaml``: what the scheduler would do with a workload, by the rules of a Go release."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from schedlab.cli.input import new_file
from schedlab.cli.output import Commands, print_json, print_table, visible
from schedlab.errors import UsageError
from schedlab.timeline import summary

_ABOUT = """\
Simulate a workload under the rules of a Go release, which --set changes.

  procs: 2
  goroutines:
    worker:
      count: 1000
      steps:
        - repeat: 20
          steps:
            - compute: 100us
            - yield
"""


def add_command(commands: Commands, about: str) -> None:
    parser = commands.add_parser(
        "sim",
        help=about,
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("spec", metavar="SPEC.yaml", help="the workload")
    parser.add_argument("--rules", default="go1.27", metavar="RELEASE", help="the release's rules (go1.27)")
    parser.add_argument("--set", action="append", default=[], metavar="RULE=VALUE", help="but for this rule")
    parser.add_argument("--cost", action="append", default=[], metavar="COST=NS", help="but for this cost")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all that is random (1)")
    parser.add_argument(
        "--driver", default="heapq", choices=("heapq", "simpy"), help="who keeps the time (heapq)"
    )
    parser.add_argument(
        "--limit-ms", type=float, metavar="MS", help="simulated time after which it is enough"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("-o", "--output", metavar="FILE", help="save the timeline")
    parser.add_argument("--html", metavar="PAGE", help="write the timeline as a page to look at")
    parser.set_defaults(command=_sim)


def _sim(arguments: argparse.Namespace) -> int:
    from schedlab import sim
    from schedlab.sim import engine, spec

    output = new_file(arguments.output) if arguments.output else None
    page = new_file(arguments.html) if arguments.html else None
    rules = sim.rules_of(arguments.rules)
    rules = rules.replace(**_changes(arguments.set, rules))
    costs = sim.Costs().replace(**_changes(arguments.cost, sim.Costs()))
    most_ns = engine.MOST_NS if arguments.limit_ms is None else round(arguments.limit_ms * 1e6)
    error: sim.SimulationError | None = None
    try:
        result = sim.simulate(
            spec.load(arguments.spec),
            rules=rules,
            costs=costs,
            seed=arguments.seed,
            driver=arguments.driver,
            most_ns=most_ns,
        )
    except sim.SimulationError as found:
        if found.result is None:
            raise
        # What came before it is worth having.
        error, result = found, found.result
    if output is not None:
        result.timeline.save(output)
    if page is not None:
        _write_page(result, page, Path(arguments.spec).name)
    if arguments.json:
        print_json(document(result))
    else:
        _show(result)
    if error is not None:
        raise error
    return 0


def document(result: Any) -> dict[str, Any]:
    """The result in terms of JSON: times in ns."""
    found = summary(result.timeline)
    return {
        "provenance": "simulated",
        "rules": dataclasses.asdict(result.rules),
        "costs": dataclasses.asdict(result.costs),
        "seed": result.seed,
        "driver": result.driver,
        "ended": result.ended,
        "events": result.events,
        "makespan_ns": result.makespan_ns,
        "slices": result.slices,
        "collections": result.collections,
        "runnable": dataclasses.asdict(found.runnable),
        "probes": {name: count for name, count in result.counters.totals().items() if count},
    }


def _show(result: Any) -> None:
    found = summary(result.timeline)
    print(
        f"simulated by the rules of {result.rules.release}: {result.makespan_ns / 1e6:.3f} ms, "
        f"{found.goroutines} goroutines in {result.slices} slices"
    )
    if found.runnable.count:
        print(
            f"runnable: median {found.runnable.p50_ns / 1e3:.1f} us, p99 {found.runnable.p99_ns / 1e3:.1f} us"
        )
    table = result.counters.to_pandas()
    seen = table[table["total"] > 0]
    print_table(
        ["probe", *seen.columns],
        [[name, *row] for name, row in zip(seen.index, seen.to_numpy(), strict=True)],
    )


def _write_page(result: Any, page: Path, title: str) -> None:
    # Half a second to import: only who writes a page waits for it.
    from schedlab.view.widgets.page import save_html
    from schedlab.view.widgets.timeline import TimelineView

    heading = f"{visible(title)} (simulated)"
    save_html(TimelineView(result.timeline, title=heading, sources=False), page, title=heading)


def _changes(given: list[str], of: Any) -> dict[str, Any]:
    """``NAME=VALUE`` with the value in the kind that the name has."""
    changes: dict[str, Any] = {}
    for text in given:
        name, separator, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not separator:
            raise UsageError(f"{text!r} sets nothing", remedy="Write NAME=VALUE, such as local_queue=32.")
        changes[name] = _typed(getattr(of, name, ""), value.strip(), name)
    return changes


def _typed(old: Any, value: str, name: str) -> Any:
    if isinstance(old, bool):
        if value.lower() not in ("true", "false"):
            raise UsageError(f"{name}: {value!r} is neither true nor false")
        return value.lower() == "true"
    for kind in (int, float):
        if isinstance(old, kind):
            try:
                return kind(value)
            except ValueError:
                raise UsageError(f"{name}: {value!r} is no number") from None
    return value
