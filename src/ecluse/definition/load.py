"""Loading ``pipeline.py``: a checked Pipeline, or one error that lists every mistake."""

from __future__ import annotations

import ast
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType

from ecluse.definition.model import Pipeline
from ecluse.definition.shapes import Problem
from ecluse.definition.validate import problems
from ecluse.errors import DefinitionError

__all__ = ["load"]

_REFERENCE = "the docstrings of ecluse.Pipeline, ecluse.Job and their like describe every field"


def load(path: Path, *rules: Callable[[Pipeline], Iterable[Problem]]) -> Pipeline:
    """The Pipeline that the file at *path* defines, checked, also by *rules* of other packages.

    Raises DefinitionError if the file cannot be executed, defines no pipeline or several, or defines one that could
    not run.
    """
    try:
        source = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DefinitionError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError as error:
        raise DefinitionError(f"is not UTF-8: {error.reason}", where=path.name) from None
    pipeline = _only(_execute(path, source), path)
    found = problems(pipeline) or [problem for rule in rules for problem in rule(pipeline)]
    if found:
        raise _error(found, path, source)
    return pipeline


def _execute(path: Path, source: str) -> dict[str, object]:
    module = ModuleType("pipeline")
    module.__file__ = str(path)
    try:
        code = compile(source, str(path), "exec", dont_inherit=True)
        # Standard output has the result of the command alone, which may be JSON.
        with _importable(path.parent), redirect_stdout(sys.stderr):
            exec(code, module.__dict__)
    except SyntaxError as error:
        # The error may be in a module that pipeline.py imports.
        file = Path(error.filename).name if error.filename else path.name
        where = f"{file}:{error.lineno}" if error.lineno else file
        raise DefinitionError(f"{error.msg}", where=where, hint=_shown(error.text)) from None
    except ImportError as error:
        hint = (
            "pipeline.py runs with ecluse's own Python: it can import ecluse, the standard library, and files beside it"
        )
        raise DefinitionError(str(error), where=_place(error, path), hint=hint) from None
    except BaseException as error:  # also SystemExit, and what a library has of its own
        if isinstance(error, KeyboardInterrupt):
            raise
        said = _said(error)
        what = f"{type(error).__name__}: {said}" if said else type(error).__name__
        raise DefinitionError(what, where=_place(error, path), hint=_unknown_field(error, said)) from None
    return module.__dict__


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    # Last: a `secrets.py` or `docker/` beside pipeline.py does not replace what Python and Écluse import by that name.
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _place(error: BaseException, path: Path) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{path.name}:{lines[-1]}" if lines else path.name


def _shown(text: str | None) -> str | None:
    return f"the line reads: {text.strip()}" if text and text.strip() else None


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an exception of pipeline.py's own, whose text fails itself
        return ""


def _unknown_field(error: BaseException, message: str) -> str:
    """The problem for an unknown field, as in ``Job(neds=…)``, with the name that was probably meant."""
    from ecluse.definition import model

    if isinstance(error, TypeError) and "unexpected keyword argument" in message:
        name, _, rest = message.partition(".__init__()")
        cls = getattr(model, name, None)
        if isinstance(cls, type):
            names = list(getattr(cls, "__dataclass_fields__", ()))
            close = get_close_matches(rest.split("'")[1], names, n=1)
            return f"did you mean {close[0]}?" if close else f"{name} has the fields {', '.join(names)}"
    return _REFERENCE


def _only(namespace: dict[str, object], path: Path) -> Pipeline:
    named = {name: value for name, value in namespace.items() if isinstance(value, Pipeline)}
    found = {id(value): value for value in named.values()}
    if len(found) == 1:
        return found.popitem()[1]
    what = f"defines {len(found)} pipelines: {', '.join(named)}" if found else "defines no pipeline"
    raise DefinitionError(what, where=path.name, hint=f"define one: pipeline = Pipeline(…); {_REFERENCE}")


def _error(found: list[Problem], path: Path, source: str) -> DefinitionError:
    lines = _lines(source)

    def place(problem: Problem) -> str:
        line = lines.get(problem.where)
        return f"{path.name}:{line}" if line else path.name

    if len(found) == 1:
        return DefinitionError(str(found[0]), where=place(found[0]), hint=_REFERENCE)
    listed = [f"{place(problem)}: {problem}" for problem in found]
    return DefinitionError("\n  ".join([f"{len(found)} problems", *listed]), where=path.name, hint=_REFERENCE)


def _lines(source: str) -> dict[str, int]:
    """The line at which each definition begins, by the name that problems use for it: ``job 'tests'``."""
    lines: dict[str, int] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            kind = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            for keyword in node.keywords:
                if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                    lines.setdefault(f"{kind.lower()} {keyword.value.value!r}", node.lineno)
    return lines
