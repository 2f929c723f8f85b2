from __future__ import annotations

import importlib
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from ecluse.testing.values import Values, attributes

REGISTRY = """
from dataclasses import dataclass, field
from threading import Lock

RATE = 1
STARTED = __import__("time").time_ns()
KNOWN = {}
LOCK = Lock()

def fee(): return 1

class Base:
    known = []

@dataclass
class Entry:
    name: str

class Catalogue:
    def __init__(self): self.entries = []

CATALOGUE = Catalogue()
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Values]:
    (tmp_path / "registry_of_values.py").write_text(REGISTRY)
    (tmp_path / "writer_of_values.py").write_text("class Handler:\n    rate = 5\n\n\ndef fee(): return 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = Values()
    found.begin()
    importlib.import_module("registry_of_values")
    importlib.import_module("writer_of_values")
    yield found
    found.end()
    for name in ("registry_of_values", "writer_of_values"):
        del sys.modules[name]


def put(statement: str) -> None:
    """Carry *statement* out in another module than the registry."""
    exec(f"import registry_of_values as registry, writer_of_values as writer\n{statement}", {})


@pytest.mark.parametrize(
    "statement",
    [
        "registry.RATE = 2",
        "registry.KNOWN['a'] = 1",
        "registry.KNOWN['a'] = writer.Handler",
        "registry.Base.known.append('a')",
        "registry.Entry.name = 'a'",
        "registry.CATALOGUE.entries.append(registry.Entry('a'))",
        "registry.fee = writer.fee",
        "registry.fee.rate = 2",
        "del registry.RATE",
    ],
)
def test_value_put_by_another_module_changes_the_answer(made: Values, statement: str) -> None:
    before = made.state("registry_of_values")
    put(statement)
    assert made.state("registry_of_values") != before


def test_path_is_a_value_wherever_python_keeps_its_class(made: Values, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type("PosixPath", (PurePosixPath,), {"__module__": "pathlib._local"})  # as in Python 3.13
    registry = sys.modules["registry_of_values"]
    monkeypatch.setattr(registry, "PLACE", kind("a"), raising=False)
    before = made.state("registry_of_values")
    monkeypatch.setattr(registry, "PLACE", kind("b"))
    assert made.state("registry_of_values") != before


@pytest.mark.parametrize(
    "statement", ["pass", "registry.HANDLE = registry.Lock()", "registry.Base.descriptor = registry.Lock()"]
)
def test_values_of_its_own_and_of_libraries_change_nothing(made: Values, statement: str) -> None:
    put(statement)
    assert made.state("registry_of_values") == made.state("a module that is not imported")


def test_answer_is_the_same_for_the_same_values(made: Values) -> None:
    put("registry.KNOWN['a'] = registry.Entry('x')")
    first = made.state("registry_of_values")
    put("registry.KNOWN['a'] = registry.Entry('x'); registry.LOCK = registry.Lock()")
    assert made.state("registry_of_values") == first


def test_warning_of_an_import_names_the_module_that_imports(made: Values, tmp_path: Path) -> None:
    (tmp_path / "old_of_values.py").write_text("import warnings\n\nwarnings.warn('old', stacklevel=2)\n")
    (tmp_path / "user_of_values.py").write_text("import old_of_values\n")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        importlib.import_module("user_of_values")
    for name in ("old_of_values", "user_of_values"):
        del sys.modules[name]
    assert [warning.filename for warning in heard] == [str(tmp_path / "user_of_values.py")]


def test_module_whose_class_was_registered_is_named(made: Values) -> None:
    put("registry.KNOWN['a'] = [writer.Handler]")
    assert "writer_of_values" in made.origins("registry_of_values")


def test_answers_are_kept_while_migrations_run(made: Values) -> None:
    made.freeze()
    before = made.state("registry_of_values")
    put("registry.RATE = 3")
    assert made.state("registry_of_values") == before


def test_description_of_a_module_takes_little_time(made: Values) -> None:
    put("registry.TABLE = [[number] for number in range(300_000)]")
    began = time.process_time()
    made.state("registry_of_values")
    assert time.process_time() - began < 2


def test_attributes_of_an_application_are_data_alone() -> None:
    class Config:
        rate = 1

    config = Config()
    before = attributes(config)
    vars(config)["lock"] = object()
    assert attributes(config) == before
    vars(config)["rate"] = 2
    assert attributes(config) != before
