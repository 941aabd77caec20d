"""Every claim of the article with its experiment: texts in ``article/*.toml``, entries in ``sections``."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from schedlab.claims import sections
from schedlab.claims.errors import ClaimNotFound, LedgerDamaged
from schedlab.claims.model import Claim, Entry

KINDS = ("prose", "table", "diagram", "code", "command", "figure")

_TEXTS = Path(__file__).parent / "article"


@cache
def claims() -> tuple[Claim, ...]:
    """All claims in the article's order.

    Raises:
        LedgerDamaged: a text or an id is missing, or stands twice.
    """
    found = [claim for file in _text_files() for claim in _read(file)]
    _each_once((claim.id for claim in found), "a text")
    return tuple(found)


@cache
def entries() -> dict[str, Entry]:
    """The experiment of each claim, by id.

    Raises:
        LedgerDamaged: a claim has no experiment or two, or an experiment has no claim.
    """
    modules = (
        import_module(f"{sections.__name__}.{found.name}") for found in iter_modules(sections.__path__)
    )
    found = [entry for module in modules for entry in getattr(module, "ENTRIES", ())]
    _each_once((entry.id for entry in found), "an experiment")
    by_id = {entry.id: entry for entry in found}
    known = {claim.id for claim in claims()}
    for missing, what in ((known - by_id.keys(), "no experiment"), (by_id.keys() - known, "no text")):
        if missing:
            raise LedgerDamaged(f"these claims have {what}: {', '.join(sorted(missing))}")
    return by_id


def choose(names: Sequence[str]) -> tuple[Claim, ...]:
    """The claims of these names, in the article's order; all if there are none.

    A name is an id (``C1.2a``), a part that ids begin with (``C2.3``, ``C4``) or a section (``2.3``).

    Raises:
        ClaimNotFound: no claim has that name; the remedy lists those that look like it.
    """
    for name in names:
        if not any(_matches(claim, name) for claim in claims()):
            ids = [claim.id for claim in claims()]
            close = get_close_matches(name, ids, n=5, cutoff=0.5) or [ids[0], "…", ids[-1]]
            raise ClaimNotFound(
                f"the ledger has no claim {name!r}",
                remedy=f"Claims are named {', '.join(close)}; schedlab claims --list shows all.",
            )
    return tuple(c for c in claims() if not names or any(_matches(c, name) for name in names))


def _matches(claim: Claim, name: str) -> bool:
    if claim.id == name or claim.section == name:
        return True
    begun = claim.id.removeprefix(name)
    # C1.2 is the beginning of C1.2a, and not of C1.20; C4 is that of C4.1a.
    return begun != claim.id and not (name[-1:].isdigit() and begun[0].isdigit()) and name[:1] == "C"


def _text_files() -> list[Path]:
    return sorted(_TEXTS.glob("*.toml"), key=lambda file: [int(part) for part in file.stem.split("_")])


def _read(file: Path) -> Iterable[Claim]:
    section = file.stem.replace("_", ".")
    for row in tomllib.loads(file.read_text(encoding="utf-8"))["claim"]:
        try:
            claim = Claim(section=section, **row)
        except TypeError as error:
            raise LedgerDamaged(f"{file.name}: {row.get('id', 'a claim')}: {error}") from error
        if claim.kind not in KINDS or not all((claim.id, claim.original.strip(), claim.english.strip())):
            raise LedgerDamaged(f"{file.name}: {claim.id}: a text is empty, or the kind is none of {KINDS}")
        yield claim


def _each_once(ids: Iterable[str], what: str) -> None:
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise LedgerDamaged(f"{what} stands twice for {', '.join(twice)}")
