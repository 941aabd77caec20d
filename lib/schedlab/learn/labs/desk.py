"""A lab in a notebook: open it, check it, ask for a hint, begin anew, see the solution."""

from __future__ import annotations

from html import escape
from pathlib import Path

from schedlab.learn.html import BORDER, CODE_FONT, RAISED, TEXT, Shown, box, paragraphs, terms
from schedlab.learn.labs import grading, hints, progress
from schedlab.learn.labs.errors import NotPassedYet
from schedlab.learn.labs.gate import Gate, answers, run_gate
from schedlab.learn.labs.grading import check
from schedlab.learn.labs.incident.diagnoses import DIAGNOSIS
from schedlab.learn.labs.manifest import Lab, find
from schedlab.learn.labs.verdicts import Evidence, LabVerdict, State
from schedlab.learn.labs.work import files_of, open_copy, reset_copy

# The colour repeats what the words say.
_EDGES = {
    State.RIGHT: "var(--jp-success-color1, #1b7f37)",
    State.WRONG: "var(--jp-error-color1, #b3261e)",
    State.DOES_NOT_BUILD: "var(--jp-error-color1, #b3261e)",
}


def lab(name: str) -> Desk:
    """A lab by its name, for a cell: ``lab = learn.lab("blocked_threads")``.

    Raises:
        UnknownLab: there is none; the message has the names that are near it.
    """
    return Desk(find(name))


class Desk:
    """What a notebook does with one lab. Everything that it gives ends a cell: a box, or plain text."""

    def __init__(self, about: Lab) -> None:
        self.about = about

    def open(self) -> Shown:
        """Make your copy of the starter, if there is none, and say where it is."""
        made = self.make_copy()
        if made or not progress.load().of(self.about.id).opened:
            progress.note(self.about.id, opened=progress.utc_now())
        names = _shown(self.about)
        said = "This is your copy of the starter." if made else "This is your copy, as you left it."
        plain = [self.about.task, said, *(f"work/{name}" for name in names)]
        links = "".join(f'<li><a href="work/{escape(name)}">work/{escape(name)}</a></li>' for name in names)
        is_program = self.about.answer == "program"
        do = "Open it, change it" if is_program else f"Read the captures, fill in {DIAGNOSIS}"
        content = paragraphs([self.about.task, f"{said} {do}, save it; then run lab.check()."])
        label = f"Lab: {self.about.title}"
        return Shown(box(label, f'{content}<ul style="margin:0.2em 0">{links}</ul>'), "\n".join(plain))

    def make_copy(self) -> bool:
        """Make your copy, if there is none; whether it was made now."""
        return open_copy(self.about, grading.check_of(self.about).furnish)

    def check(self) -> LabReport:
        """Judge your copy: build it, run it, and say what its scheduler did; or read your diagnosis."""
        found = check(self.about)
        if found.state is not State.NOT_STARTED:
            progress.note_attempt(self.about.id, found.state, found.code, passed=found.right)
        return LabReport(self.about, found)

    def hint(self, number: int | None = None) -> Shown:
        """One hint more each time, or the one of that number."""
        if number is None:
            number, text = hints.next_hint(self.about)
        else:
            text = hints.hint(self.about, number)
        title = f"Hint {number} of {len(self.about.hints)}"
        return Shown(box(title, paragraphs([f"{title}: {text}"])), f"{title}: {text}")

    def reset(self) -> Shown:
        """Begin anew. What you wrote is kept beside it."""
        kept = reset_copy(self.about, grading.check_of(self.about).furnish)
        said = "work/ is the starter again."
        if kept is not None:
            said += f" What you had is in {kept.relative_to(self.about.folder)}/."
        return Shown(box("Reset", paragraphs([said])), said)

    def solution(self, *, anyway: bool = False) -> Shown:
        """One right answer, once you have one too, or ``anyway``; of a diagnosis, the fault and its repair.

        Raises:
            NotPassedYet: you have not passed, and did not say ``anyway=True``.
        """
        if not anyway and not progress.load().of(self.about.id).passed:
            raise NotPassedYet(
                f"{self.about.id}: the solution is shown to who has passed",
                remedy="Ask for a hint first, or say anyway=True.",
            )
        explain = grading.check_of(self.about).explain
        files = explain(self.about) if explain else _texts_in(self.about.solution)
        progress.note(self.about.id, solution_shown=True)
        frame = (
            f"color:{TEXT};background:{RAISED};border:1px solid {BORDER};padding:0.5em 1em;margin:0;"
            f"overflow-x:auto;tab-size:4;font-family:{CODE_FONT}"
        )
        shown = "".join(
            f'{paragraphs([name])}<pre tabindex="0" style="{frame}">{escape(text)}</pre>'
            for name, text in files.items()
        )
        return Shown(
            box(f"One solution of: {self.about.title}", shown),
            "\n".join(f"// {name}\n{text}" for name, text in files.items()),
        )

    def gate(self) -> Gate:
        """Whether the check tells the lab's own starter and solution apart here; for a notebook's claims."""
        chosen = tuple(answer for answer in answers(self.about) if answer.name.partition("/")[0] != "wrong")
        return Gate(self.about, tuple(run_gate(self.about, chosen)))

    def __repr__(self) -> str:
        return f"Lab {self.about.id}: {self.about.title}. {self.about.task}"


class LabReport:
    """A verdict that ends a cell. ``verdict`` is it as data."""

    def __init__(self, about: Lab, verdict: LabVerdict) -> None:
        self.about = about
        self.verdict = verdict

    def _repr_html_(self) -> str:
        found = self.verdict
        heading = f'<p style="margin:0.2em 0;font-weight:600">{escape(self._heading())}</p>'
        content = heading + paragraphs(found.message.splitlines() or [""])
        if found.evidence:
            content += terms(evidence_words(found.evidence))
        if len(found.parts) > 1:
            content += terms(self._parts())
        return box(f"Check of the lab: {self.about.title}", content, edge=_EDGES.get(found.state, BORDER))

    def __repr__(self) -> str:
        found = self.verdict
        lines = [self._heading(), found.message]
        lines += [f"  {name} {value}" for name, value in evidence_words(found.evidence)]
        if len(found.parts) > 1:
            lines += [f"  {name} {said}" for name, said in self._parts()]
        return "\n".join(lines)

    def _heading(self) -> str:
        code = f" ({self.verdict.code})" if self.verdict.code else ""
        return f"{self.about.title}: {self.verdict.state}{code}"

    def _parts(self) -> list[tuple[str, str]]:
        return [(f"{part.name}:", f"{part.finding.state}. {part.asks}") for part in self.verdict.parts]


def _shown(about: Lab) -> list[str]:
    """The files of a learner's copy that are to be opened."""
    if about.answer == "program":
        return sorted(files_of(about.work))
    return sorted(str(file.relative_to(about.work)) for file in about.work.rglob("*") if file.is_file())


def _texts_in(solution: Path) -> dict[str, str]:
    return {name: text.decode() for name, text in files_of(solution).items()}


def evidence_words(evidence: Evidence) -> list[tuple[str, str]]:
    """Names and numbers as they are shown: ``("threads at most:", "12")``."""
    return [
        (f"{name.replace('_', ' ')}:", f"{value:.3g}" if isinstance(value, float) else str(value))
        for name, value in evidence.items()
    ]
