"""Excerpts of the installed runtime, as a notebook shows them."""

from __future__ import annotations

import re
from html import unescape

import pytest

from schedlab import learn, toolchain
from schedlab.learn.excerpts import shown
from schedlab.toolchain import SourceExcerpt, SymbolMoved


def test_the_lines_are_those_of_the_installed_file() -> None:
    text = str(learn.source("proc.go", "handoffp", around="startm(pp, false, false)", context=2))
    caption, *lines = text.splitlines()
    release = toolchain.find().release
    named = re.fullmatch(rf"runtime/proc\.go, lines (\d+) to (\d+), {re.escape(release)}: handoffp", caption)
    assert named
    first, last = map(int, named.groups())
    file = (toolchain.find().runtime_source / "proc.go").read_text().splitlines()
    assert [line.partition("  ")[2] for line in lines] == [line.rstrip() for line in file[first - 1 : last]]
    assert [int(line.split()[0]) for line in lines] == list(range(first, last + 1))
    assert any("startm(pp, false, false)" in line for line in lines)


def test_the_html_says_the_same_escaped() -> None:
    found = SourceExcerpt("runtime/<x>.go", "a<b>", "go9.9", 99, 'if a < b && c {\n\t<script>"\n}')
    html = shown(found).html
    assert "<script" not in html
    assert "<x>" not in html
    plain = unescape(re.sub(r"<[^>]+>", "", html.partition("<pre")[2].partition(">")[2]))
    assert plain.splitlines() == [" 99  if a < b && c {", '100  \t<script>"', "101  }"]
    assert "<figcaption" in html
    assert "runtime/&lt;x&gt;.go, lines 99 to 101, go9.9: a&lt;b&gt;</figcaption>" in html


def test_numbers_are_for_eyes_only_and_the_code_can_be_scrolled_by_keyboard() -> None:
    html = shown(SourceExcerpt("f.go", "f", "go1", 1, "a\nb")).html
    assert html.count('aria-hidden="true" style="user-select:none') == 2
    assert '<pre tabindex="0" role="group" aria-label="f.go, lines 1 to 2, go1: f"' in html


def test_a_symbol_that_moved_is_named() -> None:
    with pytest.raises(SymbolMoved, match="no_such_symbol"):
        learn.source("proc.go", "no_such_symbol")
    with pytest.raises(SymbolMoved, match=r"no_such_file\.go"):
        learn.source("no_such_file.go", "handoffp")
