"""What the learner expects, asked before a run and set beside the measurement after it."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from numbers import Real
from pathlib import Path
from typing import Any

import ipywidgets

from schedlab.errors import UsageError
from schedlab.learn.html import TEXT, Shown, box, paragraphs, text_of
from schedlab.places import state_folder

Answer = str | int


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number from ``minimum`` to ``maximum``, both included, of ``unit`` (threads, say)."""

    minimum: int
    maximum: int
    unit: str

    def __post_init__(self) -> None:
        if not self.minimum < self.maximum:
            raise UsageError(f"no range to predict in: {self.minimum} to {self.maximum}")


def number(minimum: int, maximum: int, unit: str = "") -> Number:
    """Ask for a whole number: ``Prediction("How many threads?", number(1, 10_000, "threads"))``."""
    return Number(minimum, maximum, unit)


class Prediction:
    """A question with a way to commit an answer; end a cell with it to show it.

    The committed answer is kept in the learner's state folder, so that running the cell again, or
    another day, shows it again. Nothing waits for an answer: a notebook runs through without one.
    """

    def __init__(self, question: str, options: Sequence[str] | Number) -> None:
        """``options`` are the answers to choose from (two or more, all different), or a ``number(...)``.

        Raises:
            UsageError: the question is empty, or there is nothing to choose from.
        """
        self.question = text_of(question, "the question")
        self.options = options if isinstance(options, Number) else _checked(options)
        self._file = state_folder() / "predictions" / f"{_key(self.question, self.options)}.json"
        self.committed, self._note = self._load()
        self._status = ipywidgets.HTML(self._status_html())
        self._entry = self._make_entry()
        self._button = ipywidgets.Button(description="Commit prediction")
        self._button.on_click(lambda _button: self.commit(self._entry.value))
        asked = ipywidgets.HTML(
            f'<p style="color:{TEXT};font-weight:600;margin:0">{escape(self.question)}</p>'
        )
        self.widget = ipywidgets.VBox([asked, self._entry, self._button, self._status])

    def commit(self, answer: Answer | None) -> None:
        """Keep ``answer`` as the prediction, in place of an earlier one. The button does this.

        Raises:
            UsageError: it is none of the possible answers.
        """
        if answer is None:
            self._note = "Choose an answer first."
        else:
            if not _possible(answer, self.options):
                raise UsageError(f"{answer!r} is not a possible answer to {self.question!r}")
            self.committed = answer
            self._note = self._save(answer)
        # An alert is what a screen reader speaks when it appears.
        self._status.value = self._status_html("alert")

    def reveal(self, measured: object, explain: str = "") -> Shown:
        """The prediction beside what was measured, in plain words; ``measured`` is text or a number.

        Two numbers are compared: the text says how far apart they are. ``explain`` is a last paragraph.
        """
        if self.committed is None:
            said = "You made no prediction. Commit one above and run this cell again to compare."
        else:
            said = f"You predicted {self._in_words(self.committed)}."
        found = self._in_words(measured).removesuffix(".")
        compared = f"{said} Measured here: {found}.{self._comparison(measured)}"
        texts = [compared, explain] if explain else [compared]
        return Shown(box("Your prediction and the measurement", paragraphs(texts)), "\n".join(texts))

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        """The widget where there are widgets, and a text that is the same each time where there are none."""
        bundle: dict[str, Any] = self.widget._repr_mimebundle_()
        return {**bundle, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"Prediction: {self.question}"

    def _make_entry(self) -> Any:
        """Start from the earlier answer, if any; otherwise choose nothing for the learner."""
        wide = {"description_width": "initial"}
        if isinstance(self.options, Number):
            return ipywidgets.BoundedIntText(
                value=self.options.minimum if self.committed is None else self.committed,
                min=self.options.minimum,
                max=self.options.maximum,
                description=f"Your prediction ({self.options.unit})"
                if self.options.unit
                else "Your prediction",
                style=wide,
                tooltip=self.question,
            )
        return ipywidgets.RadioButtons(
            options=list(self.options),
            value=self.committed,
            description="Your prediction",
            style=wide,
            tooltip=self.question,
            layout={"width": "max-content", "max_width": "100%"},
        )

    def _status_html(self, role: str = "status") -> str:
        said = "" if self.committed is None else f"Committed: {self._in_words(self.committed)}."
        text = " ".join(part for part in (said, self._note) if part)
        return f'<div role="{role}" style="color:{TEXT};min-height:1.5em">{escape(text)}</div>'

    def _in_words(self, value: object) -> str:
        unit = self.options.unit if isinstance(self.options, Number) else ""
        plain = f"{value:.4g}" if isinstance(value, float) else str(value)
        return f"{plain} {unit}" if unit and not isinstance(value, str) else plain

    def _comparison(self, measured: object) -> str:
        predicted = self.committed
        if predicted is not None and predicted == measured:
            return " That is what you predicted."
        if not isinstance(predicted, int) or not isinstance(measured, Real) or not math.isfinite(measured):
            return ""
        gap = float(measured) - predicted
        return f" That is {abs(gap):.4g} {'more' if gap > 0 else 'less'} than you predicted."

    def _load(self) -> tuple[Answer | None, str]:
        """The answer that was committed earlier, and what to tell about reading it."""
        try:
            answer = json.loads(self._file.read_text(encoding="utf-8"))["answer"]
        except FileNotFoundError:
            return None, ""
        except (OSError, ValueError, KeyError, TypeError):
            answer = None
        if _possible(answer, self.options):
            return answer, ""
        return None, f"Your earlier prediction cannot be read ({self._file.name}); commit it again."

    def _save(self, answer: Answer) -> str:
        """Keep it for the next run; what to tell where that fails."""
        unfinished = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        text = json.dumps({"question": self.question, "answer": answer}, ensure_ascii=False)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(f"{text}\n", encoding="utf-8")
            unfinished.replace(self._file)
        except OSError as error:
            return f"It is kept until this cell runs again only: {_place(error)} cannot be written."
        return ""


def _checked(options: Sequence[str]) -> tuple[str, ...]:
    if isinstance(options, str) or len(set(options)) < max(2, len(options)):
        raise UsageError(f"a prediction needs two or more different answers to choose from, not {options!r}")
    return tuple(text_of(option, "an answer") for option in options)


def _possible(answer: object, options: Sequence[str] | Number) -> bool:
    if isinstance(options, Number):
        whole = isinstance(answer, int) and not isinstance(answer, bool)
        return whole and options.minimum <= answer <= options.maximum  # type: ignore[operator]
    return answer in options


def _key(question: str, options: Sequence[str] | Number) -> str:
    """A question that is asked in other words, or with other answers, is another question."""
    asked = [
        question,
        [options.minimum, options.maximum, options.unit] if isinstance(options, Number) else options,
    ]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]


def _place(error: OSError) -> str:
    return str(Path(error.filename).parent) if error.filename else "the state folder"
