"""What a source must hold to, and the bytes that are made from it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedlab.course.notebooks import Notebook
from schedlab.course.source import Document, SourceError, read, to_bytes, to_ipynb

GOOD = """\
---
title: A chapter for tests
schedlab:
  chapter: "1.1"
  question: Does it run?
  minutes: 5
  audience: tests
  budget_s: 60
---
# A chapter for tests


```{code-cell} python
:tags: [claim]
assert 1 + 1 == int("2")
```
"""


def document(root: Path, text: str, name: str = "1_1_x") -> Document:
    file = root / "chapters" / f"{name}.md"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return read(Notebook(root, file))


def problems(root: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(SourceError) as caught:
        document(root, text)
    lines = caught.value.message.splitlines()
    assert [line.removeprefix("chapters/1_1_x.md: ") for line in lines] == list(caught.value.problems)
    return caught.value.problems


def test_notebook_holds_the_cells_and_nothing_of_a_run(tmp_path: Path) -> None:
    text = GOOD + "\nText.\n\n```{code-cell} python\n:budget_s: 2.5\n\nprint('ü')\nx = 1\n```\n"
    made = to_bytes(document(tmp_path, text))
    notebook = json.loads(made)
    nbformat.validate(notebook)
    assert [cell["cell_type"] for cell in notebook["cells"]] == ["markdown", "code", "markdown", "code"]
    assert notebook["cells"][3]["source"] == ["print('ü')\n", "x = 1"]
    assert notebook["cells"][3]["metadata"] == {"budget_s": 2.5}
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert notebook["metadata"]["schedlab"]["chapter"] == "1.1"
    assert set(notebook["metadata"]) == {"kernelspec", "language_info", "schedlab", "title"}


def test_bytes_are_canonical(tmp_path: Path) -> None:
    made = to_bytes(document(tmp_path, GOOD + "\nÜmläut.\n"))
    canonical = json.dumps(json.loads(made), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert made == canonical.encode()
    assert "Ümläut" in made.decode()


def test_claim_is_folded_away(tmp_path: Path) -> None:
    cell = to_ipynb(document(tmp_path, GOOD))["cells"][1]
    assert cell["metadata"] == {"jupyter": {"source_hidden": True}, "tags": ["claim", "hide-input"]}


def test_a_cell_put_in_between_leaves_the_other_ids_alone(tmp_path: Path) -> None:
    same = "\n```{code-cell} python\nx = 1\n```\n"
    cells = [same, "\nSome text.\n", same]

    def ids() -> list[tuple[str, str]]:
        made = to_ipynb(document(tmp_path, GOOD + "".join(cells)))["cells"]
        return [("".join(cell["source"]), cell["id"]) for cell in made]

    before = ids()
    cells.insert(1, "\n```{code-cell} python\ny = 2\n```\n")
    after = ids()
    assert len({key for _, key in after}) == len(after) == len(before) + 1
    assert [one for one in after if one[0] != "y = 2"] == before


def test_the_same_text_as_markdown_and_as_code_are_two_ids(tmp_path: Path) -> None:
    text = GOOD + "\nx\n\n```{code-cell} python\nx\n```\n"
    ids = [cell["id"] for cell in to_ipynb(document(tmp_path, text))["cells"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('chapter: "1.1"', "chapter: 1.1", 'schedlab.chapter: must be text such as "1.1", in'),
        ('chapter: "1.1"', 'chapter: "2.1"', "schedlab.chapter: the file's name does not begin with 2_1_"),
        ("minutes: 5", "minutes: soon", "schedlab.minutes: must be a whole number of minutes above 0, not"),
        ("minutes: 5", "minutes: true", "schedlab.minutes: must be a whole number of minutes above 0, not T"),
        ("  minutes: 5\n", "", "schedlab.minutes: is missing; it must be a whole number of minutes above 0"),
        ("budget_s: 60", "budget_s: 0", "schedlab.budget_s: must be a whole number of seconds above"),
        ("minutes: 5", "minutes: 5\n  needs: go", "schedlab.needs: must be a list of texts, not 'go'"),
        ("minutes: 5", "minutes: 5\n  mood: 1", "schedlab.mood: no such key; there are audience, budget_s"),
        ("title: A chapter for tests", "titel: x", "titel: no such key in the front matter"),
        ("title: A chapter for tests", "titel: x", "title: must be text"),
        ("question: Does it run?", "question: ''", "schedlab.question: must be text, not ''"),
        ("# A chapter", "## A chapter", "exactly one heading of the first level; found: none"),
        ("# A chapter", "# One\n\n# A chapter", "first level; found: line 10, line 12"),
        ("# A chapter", "One\n===\n\n# A chapter", "first level; found: line 10, line 13"),
        (":tags: [claim]\n", "", "no cell is tagged claim"),
        ("[claim]", "[claims]", "line 15: tags: no such tag 'claims'"),
        (":tags: [claim]", ":tags: claim", "cannot be read: 'claim' is not of type"),
        ("[claim]", "[claim, claim]", "has non-unique elements"),
        ("[claim]", "[claim]\n:budget_s: -1", "budget_s: must be a number of seconds above 0, on a"),
        ("[claim]", "[claim]\n:timeout: 1", "timeout: no such key in a cell's metadata"),
        ("[claim]", "[claim, raises-exception]", "a claim with raises-exception could not fail"),
        ("assert 1", "# NBVAL_SKIP\nassert 1", "# NBVAL_SKIP: every cell is run"),
        ('assert 1 + 1 == int("2")', "print(2)", "a claim asserts something, and this cell"),
        ('assert 1 + 1 == int("2")', "assert True", "a claim asserts something, and this cell"),
        ('assert 1 + 1 == int("2")', 'assert (1 == 2, "no")', "a claim asserts something, and this cell"),
        ('assert 1 + 1 == int("2")', "%time x", "a claim is plain Python, and this is not"),
        ("# A chapter for tests\n", "# A chapter for tests\n\n![](x.png)\n", "line 12: image x.png has no"),
        ("# A chapter for tests\n", "# T\n\n<img src='x.png'>\n", "line 12: <img src='x.png'> has no"),
        ("# A chapter for tests\n", "# T\n\nsee <img alt='' src=x>\n", "has no alt text"),
        ("# A chapter for tests\n", "# T\n\nin `/home/me/x`\n", "line 12: a path of one machine: /home/me/x"),
        ("assert 1", "open('/tmp/x')\nassert 1", "line 15: a path of one machine: /tmp/x"),
        ("assert 1", "open('file:///root/x')\nassert 1", "a path of one machine: file:///root/x"),
    ],
)  # fmt: skip
def test_each_rule_is_held(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert GOOD.count(old) == 1, "the test changes one place"
    found = problems(tmp_path, GOOD.replace(old, new))
    assert any(complaint in problem for problem in found), found


def test_only_a_chapter_must_say_which_it_is(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    tour = tmp_path / "tools" / "tour.md"
    tour.write_text(GOOD.replace('  chapter: "1.1"\n', ""), encoding="utf-8")
    assert read(Notebook(tmp_path, tour))
    assert "schedlab.chapter: is missing" in problems(tmp_path, tour.read_text(encoding="utf-8"))[0]
    tour.write_text(GOOD.replace('"1.1"', '"x"'), encoding="utf-8")
    with pytest.raises(SourceError, match=r"schedlab\.chapter: must be text such as"):
        read(Notebook(tmp_path, tour))


def test_what_lessons_speak_of_is_no_path_of_one_machine(tmp_path: Path) -> None:
    text = "Look at /proc/self/status, /sys/fs/cgroup, /debug/pprof/goroutine, ~/work/x and go/tmp/x.\n"
    assert document(tmp_path, GOOD + "\n" + text)


def test_images_with_alt_text_pass(tmp_path: Path) -> None:
    assert document(tmp_path, GOOD + '\n![queues over time](x.png) and <img src="y.png" alt="a heat map">\n')


def test_all_problems_of_a_file_are_named_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("minutes: 5", "minutes: x").replace("# A chapter", "## A chapter")
    assert len(problems(tmp_path, text)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no front matter",
        "---\n- a list\n---\n",
        "---\nx: [\n---\n",
        "---\n&a *a\n---\n",
        "---\nx\n---\n# H\n",
    ],
)
def test_what_cannot_be_read_is_one_error_with_the_files_name(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text)


def test_a_file_that_is_no_text_is_one_error(tmp_path: Path) -> None:
    file = tmp_path / "x.md"
    file.write_bytes(b"---\n\xff\xfe\n---\n")
    with pytest.raises(SourceError, match=r"x\.md: cannot be read"):
        read(Notebook(tmp_path, file))


@settings(max_examples=150)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_a_notebook_or_a_source_error(front: str, body: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.md"
        text = GOOD.replace("Does it run?", front) + body
        file.write_bytes(text.encode(errors="surrogatepass"))
        try:
            made = to_bytes(read(Notebook(Path(folder), file)))
        except SourceError:
            return
        nbformat.validate(json.loads(made))
