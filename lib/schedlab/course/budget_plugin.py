"""A pytest plugin for nbval runs: says which notebooks and cells took longer than their time budget.

Load it with ``-p schedlab.course.budget_plugin``. It changes no result.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from nbval.plugin import IPyNbCell

_PROPERTY = "schedlab.cell"

# nbval waits 5 s for each message of a cell that has ended, and fails it then. A busy machine needs longer.
_OUTPUT_LIMIT_S = 60


def pytest_configure(config: pytest.Config) -> None:
    """Start counting."""
    config.pluginmanager.register(_Budgets(), "schedlab-budgets")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Note each cell's budget, and its notebook's, where reports carry it (from xdist's workers, too)."""
    if not isinstance(item, IPyNbCell):
        return
    item.output_timeout = _OUTPUT_LIMIT_S
    notebook: Any = item.parent
    cell: Any = item.cell
    facts = {
        "notebook": item.nodeid.partition("::")[0],
        "cell": item.name,
        "cell_budget_s": cell.metadata.get("budget_s"),
        "notebook_budget_s": notebook.nb.metadata.get("schedlab", {}).get("budget_s"),
    }
    item.user_properties.append((_PROPERTY, facts))


@dataclass(slots=True)
class _Budgets:
    """Seconds spent in the cells of each notebook, without starting its kernel."""

    spent_s: dict[str, float] = field(default_factory=dict)
    budget_s: dict[str, float | None] = field(default_factory=dict)
    slow_cells: list[str] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add one cell."""
        facts: Any = dict(report.user_properties).get(_PROPERTY)
        if facts is None or report.when != "call":
            return
        name, limit = facts["notebook"], facts["cell_budget_s"]
        self.spent_s[name] = self.spent_s.get(name, 0.0) + report.duration
        self.budget_s[name] = facts["notebook_budget_s"]
        if limit is not None and report.duration > limit:
            self.slow_cells.append(f"{name}: {facts['cell']} took {report.duration:.1f} s of {limit:g} s")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print what is over its budget."""
        late = list(self.slow_cells)
        for name, spent in sorted(self.spent_s.items()):
            budget = self.budget_s[name]
            if budget is None:
                late.append(f"{name}: has no time budget")
            elif spent > budget:
                late.append(f"{name}: all cells took {spent:.1f} s of {budget:g} s")
        if late:
            terminalreporter.section("over their time budget")
            for line in late:
                terminalreporter.write_line(line)
        elif self.spent_s:
            terminalreporter.write_line(f"all {len(self.spent_s)} notebooks kept to their time budget")
