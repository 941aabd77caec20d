"""Building samples: once per content, safe in parallel, errors as Go prints them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from schedlab import places, toolchain
from schedlab.toolchain import cache


@pytest.fixture
def own_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of programs of its own. Go's build cache stays shared: nobody waits for Go's library again."""
    shared = places.cache_folder()
    shared.mkdir(parents=True, exist_ok=True)
    own = tmp_path / "cache"
    own.mkdir()
    (own / "go-build").symlink_to(shared / "go-build")
    (shared / "go-build").mkdir(exist_ok=True)
    monkeypatch.setenv("SCHEDLAB_CACHE", str(own))
    return own / "programs"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A module with one small program, free to be changed."""
    folder = tmp_path / "module" / "hello"
    folder.mkdir(parents=True)
    (tmp_path / "module" / "go.mod").write_text("module example\n\ngo 1.24\n")
    (folder / "main.go").write_text('package main\n\nfunc main() { print("hello") }\n')
    return folder


def said(binary: toolchain.Binary) -> str:
    return subprocess.run([binary], capture_output=True, text=True, check=True, timeout=60).stderr


@pytest.mark.parametrize("name", toolchain.samples())
def test_every_sample_of_the_course_builds(name: str) -> None:
    try:
        assert toolchain.build(name).path.is_file()
    except toolchain.CCompilerNotFound as missing:
        pytest.skip(f"{name}: {missing.message}")


def test_built_once_per_content(own_programs: Path, sample: Path) -> None:
    first = toolchain.build(sample)
    made = first.path.stat().st_mtime_ns
    assert toolchain.build(sample).path.stat().st_mtime_ns == made
    (sample / "main.go").write_text('package main\n\nfunc main() { print("changed") }\n')
    second = toolchain.build(sample)
    assert second.path != first.path
    assert (said(first), said(second)) == ("hello", "changed")
    assert len(list(own_programs.iterdir())) == 2


def test_who_waits_for_another_build_is_told_so(
    own_programs: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cache, "_SILENT_S", 0.01)
    told = threading.Event()

    def wait() -> None:
        with cache.exclusive():
            told.set()

    with ThreadPoolExecutor(1) as others, cache.exclusive():
        waiting = others.submit(wait)
        deadline, heard = time.monotonic() + 60, ""
        while "this one waits" not in heard and time.monotonic() < deadline:
            heard += capfd.readouterr().err
            time.sleep(0.01)
        assert "another process is building; this one waits for it" in heard
        assert not told.is_set()
    waiting.result(timeout=60)
    assert told.is_set()
    assert own_programs.parent.joinpath("lock").exists()


@pytest.mark.parametrize(
    "changed", ["flags", "go.mod", "internal", "other file", "other package", "replacement"]
)
def test_whatever_goes_into_a_program_makes_another_one(
    own_programs: Path, sample: Path, changed: str
) -> None:
    assert own_programs.name == "programs"
    first = toolchain.build(sample)
    if changed == "go.mod":
        (sample.parent / "go.mod").write_text("module example\n\ngo 1.25\n")
    elif changed == "internal":
        (sample.parent / "internal").mkdir()
        (sample.parent / "internal" / "x.go").write_text("package internal\n")
    elif changed == "other file":
        (sample / "embedded.txt").write_text("x")
    elif changed == "other package":
        (sample.parent / "other").mkdir()
        (sample.parent / "other" / "x.go").write_text("package other\n")
    elif changed == "replacement":
        beside = sample.parent.parent / "beside"
        beside.mkdir()
        (beside / "go.mod").write_text("module beside\n")
        with (sample.parent / "go.mod").open("a") as module:
            module.write("\nreplace beside => ../beside // for tests\n")
        first = toolchain.build(sample)
        (beside / "x.go").write_text("package beside\n")
    flags = ("-gcflags=-N",) if changed == "flags" else ()
    assert toolchain.build(sample, flags=flags).path != first.path


def test_two_releases_make_two_programs(own_programs: Path, sample: Path) -> None:
    assert own_programs.name == "programs"
    older = toolchain.release(toolchain.releases()[0])
    assert older.minor() < toolchain.find().minor()
    assert toolchain.build(sample, toolchain=older).path != toolchain.build(sample).path


def test_a_compile_error_is_what_go_prints(odd_programs: Path) -> None:
    with pytest.raises(toolchain.CompileError, match=r"broken/main\.go:4:10: undefined: missing"):
        toolchain.build(odd_programs / "broken")


def test_a_failed_build_leaves_nothing_behind(own_programs: Path, odd_programs: Path) -> None:
    with pytest.raises(toolchain.CompileError):
        toolchain.build(odd_programs / "broken")
    assert list(own_programs.iterdir()) == []


def test_what_a_killed_build_left_is_removed(own_programs: Path, sample: Path) -> None:
    (own_programs / "building-abandoned").mkdir(parents=True)
    built = toolchain.build(sample)
    assert list(own_programs.iterdir()) == [built.path.parent]


def test_a_package_that_is_no_program_is_named(own_programs: Path, odd_programs: Path) -> None:
    assert not own_programs.exists()
    with pytest.raises(toolchain.CompileError, match="notmain is no program"):
        toolchain.build(odd_programs / "notmain")


@pytest.mark.parametrize("name", ["no_such_sample", "../chapters", ""])
def test_an_unknown_sample_names_those_there_are(name: str) -> None:
    with pytest.raises(toolchain.SampleNotFound, match="meet_gmp"):
        toolchain.build(name)


def test_a_file_and_a_module_without_a_program_of_its_own_get_their_remedy(tmp_path: Path) -> None:
    file = tmp_path / "program"
    file.write_bytes(b"\x7fELF")
    with pytest.raises(toolchain.SampleNotFound, match="That is a file"):
        toolchain.build(file)
    for name in ("one", "two"):
        (tmp_path / "cmd" / name).mkdir(parents=True)
        (tmp_path / "cmd" / name / "main.go").write_text("package main\n")
    with pytest.raises(toolchain.SampleNotFound, match=r"programs below it: \S+/cmd/one, \S+/cmd/two"):
        toolchain.build(tmp_path)


def test_many_threads_and_processes_build_one_program(own_programs: Path, sample: Path) -> None:
    script = f"from schedlab import toolchain; print(toolchain.build({str(sample)!r}).path)"
    children = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    with ThreadPoolExecutor(4) as pool:
        built = {str(binary.path) for binary in pool.map(toolchain.build, [sample] * 8)}
    for child in children:
        output, _ = child.communicate(timeout=300)
        assert child.returncode == 0
        built.add(output.strip())
    assert len(built) == 1
    assert len(list(own_programs.iterdir())) == 1


def test_the_learners_own_settings_do_not_reach_the_build(
    own_programs: Path, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert own_programs.name == "programs"
    monkeypatch.setenv("GOFLAGS", "-this-is-no-flag")
    monkeypatch.setenv("GOOS", "plan9")
    monkeypatch.setenv("GOROOT", "/nowhere")
    monkeypatch.setenv("GOTOOLCHAIN", "go1.99.0")
    assert said(toolchain.build(sample)) == "hello"


def test_a_cgo_program_builds_with_the_machines_compiler(odd_programs: Path) -> None:
    if shutil.which("gcc") is None and shutil.which("clang") is None:
        pytest.skip("no gcc or clang on PATH")
    done = subprocess.run(
        [toolchain.build(odd_programs / "usescgo")], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "42\n"


def test_the_c_compiler_of_the_wheel_is_the_second_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if name == "ziglang" else None)
    monkeypatch.setattr("shutil.which", lambda name: f"/opt/{name}" if name == "clang" else None)
    assert toolchain.c_compiler() == "/opt/clang"
    monkeypatch.setattr("shutil.which", lambda _name: None)
    assert toolchain.c_compiler() == f"{sys.executable} -m ziglang cc"


def test_without_a_c_compiler_a_cgo_program_says_so(
    odd_programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = toolchain.find()
    monkeypatch.setenv("PATH", "/nonexistent")
    # The wheel with a C compiler may be installed here.
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(toolchain.CCompilerNotFound, match=r"no gcc, clang or ziglang[\s\S]*--cgo"):
        toolchain.build(odd_programs / "usescgo", toolchain=go)


def test_the_cache_is_bounded(own_programs: Path, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Unlinked first: a bound this small would empty Go's build cache, which is everybody's.
    monkeypatch.setattr(cache, "_IN_USE_S", 0.0)
    binaries = []
    for number in range(4):
        (sample / "main.go").write_text(f"package main\n\nfunc main() {{ print({number}) }}\n")
        binaries.append(toolchain.build(sample))
    (own_programs.parent / "go-build").unlink()
    size = binaries[0].path.stat().st_size
    monkeypatch.setenv("SCHEDLAB_CACHE_MB", str((2 * size + size // 2) >> 20 or 1))
    report = cache.keep_bounded()
    left = {folder.name for folder in own_programs.iterdir()}
    assert report.programs == 4 - len(left) > 0
    assert left == {binary.path.parent.name for binary in binaries[-len(left) :]}, "the newest stay"


def test_a_program_just_handed_out_is_not_removed(
    own_programs: Path, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = toolchain.build(sample)
    (own_programs.parent / "go-build").unlink()
    monkeypatch.setenv("SCHEDLAB_CACHE_MB", "0")
    assert cache.keep_bounded().programs == 0
    assert binary.path.is_file()


def test_the_build_cache_keeps_what_was_used_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEDLAB_CACHE", str(tmp_path))
    monkeypatch.setenv("SCHEDLAB_CACHE_MB", "8")
    folder = tmp_path / "go-build" / "a0"
    folder.mkdir(parents=True)
    (tmp_path / "go-build" / "README").write_text("Go's own")
    for number in range(8):
        file = folder / f"{number}-d"
        if number == 2:
            # As go run leaves it: a folder with the program.
            file.mkdir()
            (file / "program").write_bytes(bytes(1 << 20))
        else:
            file.write_bytes(bytes(1 << 20))
        os.utime(file, (number, number))
    report = cache.keep_bounded()
    left = sorted(file.name for file in folder.iterdir())
    assert report == toolchain.CacheReport(0, 5 << 20), (
        "to half of the limit, and a quarter of that for what comes"
    )
    assert left == ["5-d", "6-d", "7-d"]
    assert (tmp_path / "go-build" / "README").exists()
    assert cache.keep_bounded() == toolchain.CacheReport(0, 0)


def test_clearing_empties_the_cache(own_programs: Path, sample: Path) -> None:
    toolchain.build(sample)
    (own_programs.parent / "go-build").unlink()
    report = toolchain.clear_cache()
    assert report.programs == 1
    assert report.bytes > 100_000
    assert not own_programs.exists()
    assert toolchain.clear_cache() == toolchain.CacheReport(0, 0)


def test_samples_import_no_package_of_their_module_but_internal_ones() -> None:
    """The cache key covers a sample's folder and internal/; a third place would make stale programs."""
    module = places.repository_root() / "go_samples"
    listing = subprocess.run(
        [toolchain.find().go, "list", "-deps", "-f", "{{if .Module}}{{.ImportPath}}{{end}}", "./..."],
        cwd=module,
        env=toolchain.find().environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    name = (module / "go.mod").read_text().split()[1]
    allowed = {f"{name}/{sample}" for sample in toolchain.samples()}
    others = [path for path in listing if path not in allowed and not path.startswith(f"{name}/internal/")]
    assert others == []
