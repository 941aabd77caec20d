"""From a sample's folder to a built program: the Go in use, its sources, a cache of binaries."""

from schedlab.toolchain.cache import CacheReport, clear_cache
from schedlab.toolchain.ccompiler import CCompilerNotFound, c_compiler
from schedlab.toolchain.installed import Toolchain, ToolchainNotFound, find, from_goroot, parse_minor
from schedlab.toolchain.sample import (
    NOTHING_LAID_OVER,
    Binary,
    CompileError,
    SampleNotFound,
    build,
    samples,
)
from schedlab.toolchain.source import SourceExcerpt, SymbolMoved, excerpt, sample_excerpt
from schedlab.toolchain.tools import ToolUnavailable, tool
from schedlab.toolchain.versions import ReleaseUnavailable, release, releases

__all__ = [
    "NOTHING_LAID_OVER",
    "Binary",
    "CCompilerNotFound",
    "CacheReport",
    "CompileError",
    "ReleaseUnavailable",
    "SampleNotFound",
    "SourceExcerpt",
    "SymbolMoved",
    "ToolUnavailable",
    "Toolchain",
    "ToolchainNotFound",
    "build",
    "c_compiler",
    "clear_cache",
    "excerpt",
    "find",
    "from_goroot",
    "parse_minor",
    "release",
    "releases",
    "sample_excerpt",
    "samples",
    "tool",
]
