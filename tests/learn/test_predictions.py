"""Predictions: committed, kept, compared; harmless where nobody clicks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedlab.errors import UsageError
from schedlab.learn import Prediction, number
from schedlab.places import state_folder

HOSTILE = "<img src=x onerror=alert(1)> & 'quotes'"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCHEDLAB_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def threads() -> Prediction:
    return Prediction("How many threads?", number(1, 10_000, "threads"))


def queue() -> Prediction:
    return Prediction("Which queue?", ["global", "local"])


def click(prediction: Prediction, answer: object) -> None:
    """As a learner does it: set the entry, press the button."""
    entry, button = prediction.widget.children[1:3]
    entry.value = answer
    button.click()


def status(prediction: Prediction) -> str:
    html: str = prediction.widget.children[3].value
    return html


def test_a_number_is_compared_in_plain_words() -> None:
    asked = threads()
    click(asked, 12)
    assert "Committed: 12 threads." in status(asked)
    said = str(asked.reveal(1003, "A thread each, because each call blocks."))
    assert said == (
        "You predicted 12 threads. Measured here: 1003 threads. That is 991 more than you predicted.\n"
        "A thread each, because each call blocks."
    )
    assert str(asked.reveal(np.int64(5))).endswith(
        "Measured here: 5 threads. That is 7 less than you predicted."
    )
    assert str(asked.reveal(12)).endswith("Measured here: 12 threads. That is what you predicted.")
    assert str(asked.reveal(float("nan"))).endswith("Measured here: nan threads.")
    assert str(asked.reveal("nothing to count.")).endswith("Measured here: nothing to count.")


def test_a_choice_is_set_beside_the_measurement() -> None:
    asked = queue()
    click(asked, "local")
    assert str(asked.reveal("global")) == "You predicted local. Measured here: global."
    assert str(asked.reveal("local")).endswith("Measured here: local. That is what you predicted.")


def test_without_a_prediction_nothing_waits_and_it_says_so() -> None:
    for asked, measured in ((threads(), 1003), (queue(), "local")):
        said = str(asked.reveal(measured))
        assert said.startswith("You made no prediction. Commit one above and run this cell again")
        assert f"Measured here: {measured}" in said
        assert "Committed" not in status(asked)


def test_the_button_alone_commits_no_choice() -> None:
    asked = queue()
    asked.widget.children[2].click()
    assert asked.committed is None
    assert "Choose an answer first." in status(asked)


def test_it_survives_running_the_cell_again_and_can_be_changed(state: Path) -> None:
    click(threads(), 12)
    again = threads()
    assert again.committed == 12
    assert again.widget.children[1].value == 12
    assert "Committed: 12 threads." in status(again)
    click(again, 40)
    assert threads().committed == 40
    assert len(list(state.rglob("*.json"))) == 1
    assert queue().committed is None


def test_another_question_or_other_answers_are_another_prediction() -> None:
    click(threads(), 12)
    assert Prediction("How many Ms?", number(1, 10_000, "threads")).committed is None
    assert Prediction("How many threads?", number(1, 10_000, "Ms")).committed is None
    assert Prediction("How many threads?", ["12", "13"]).committed is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b'{"answer": "12"}', b'{"answer": 0}', b'{"answer": true}', b"\xff", b"null"],
)
def test_a_damaged_file_is_said_and_mended_by_the_next_commit(state: Path, content: bytes) -> None:
    click(threads(), 12)
    (file,) = state.rglob("*.json")
    file.write_bytes(content)
    asked = threads()
    assert asked.committed is None
    assert f"Your earlier prediction cannot be read ({file.name})" in status(asked)
    click(asked, 13)
    assert "cannot be read" not in status(asked)
    assert threads().committed == 13


@given(st.binary(max_size=40))
def test_no_file_breaks_a_notebook(content: bytes) -> None:
    asked = queue()
    click(asked, "local")
    file = next((state_folder() / "predictions").glob("*.json"))
    file.write_bytes(content)
    assert queue().committed in (None, "global", "local")


def test_a_state_folder_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SCHEDLAB_STATE", str(tmp_path / "file"))
    asked = threads()
    click(asked, 12)
    assert "Committed: 12 threads. It is kept until this cell runs again only" in status(asked)
    assert "You predicted 12 threads." in str(asked.reveal(3))


def test_texts_are_escaped_wherever_they_become_html() -> None:
    asked = Prediction(HOSTILE, [HOSTILE, "b"])
    click(asked, HOSTILE)
    shown = asked.reveal(HOSTILE, HOSTILE)
    question: str = asked.widget.children[0].value
    for html in (question, status(asked), shown.html):
        assert "<img" not in html
        assert "&lt;img src=x onerror=alert(1)&gt; &amp; &#x27;quotes&#x27;" in html


def test_the_text_of_an_output_is_the_same_each_time() -> None:
    first, second = (asked._repr_mimebundle_() for asked in (threads(), threads()))
    assert first["text/plain"] == second["text/plain"] == "Prediction: How many threads?"
    assert "application/vnd.jupyter.widget-view+json" in first


def test_everything_is_labelled() -> None:
    for asked, label in ((threads(), "Your prediction (threads)"), (queue(), "Your prediction")):
        _, entry, button, _ = asked.widget.children
        assert entry.description == label
        assert button.description == "Commit prediction"
        assert 'role="status"' in status(asked)
        click(asked, entry.value or "local")
        assert 'role="alert"' in status(asked), "a screen reader speaks what a click did"


def test_what_is_kept_is_readable_json(state: Path) -> None:
    click(queue(), "global")
    (file,) = [path for path in state.rglob("*") if path.is_file()]
    assert json.loads(file.read_text()) == {"question": "Which queue?", "answer": "global"}


def test_wrong_use_is_named() -> None:
    for options in ([], ["one"], ["a", "a"], "text", ["a", ""], ["a", 3]):
        with pytest.raises(UsageError):
            Prediction("Which?", options)  # type: ignore[arg-type]
    for question in ("", "  ", None):
        with pytest.raises(UsageError, match="the question must be text"):
            Prediction(question, ["a", "b"])  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no range"):
        number(3, 3, "x")
    for answer in (0, 10_001, "12", True, 1.5):
        with pytest.raises(UsageError, match="not a possible answer"):
            threads().commit(answer)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="not a possible answer"):
        queue().commit("elsewhere")
