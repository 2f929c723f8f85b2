"""Every path, module and command that documents, docstrings, comments and hints name is really there."""

from __future__ import annotations

import ast
import fnmatch
import io
import itertools
import re
import shlex
import sys
import tokenize
from functools import cache
from pathlib import Path

import click
import pytest

from ecluse.cli import COMMANDS, cli
from ecluse.cli.repository import Verbatim
from tests.support.documents import blocks

TOP = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([TOP / "README.md", TOP / "CONTRIBUTING.md", *(TOP / "docs").rglob("*.md")])
SOURCES = sorted(
    path for folder in ("src", "settings", "tests", "testbed", "benchmarks") for path in (TOP / folder).rglob("*.py")
)
# A path is taken for one of this repository if it begins with one of its folders; a document also writes
# `deploy/rollout.py` for src/ecluse/deploy/rollout.py.
FOLDERS = ("src", "docs", "tests", "testbed", "benchmarks", "settings", "ops", "requirements", "frontend", ".github")
# Folders of a project that uses the tool, and words that follow the script's name in a sentence.
OF_PROJECTS = {"requirements/vendor", *(f"requirements/ecluse-{what}.txt" for what in ("node", "site", "tests"))}
WORDS = {"and", "in", "into", "is", "makes", "or", "runs"}
ENTRIES = {
    path.relative_to(TOP).as_posix()
    for folder in FOLDERS
    for path in [TOP / folder, *(TOP / folder).rglob("*")]
    if "node_modules" not in path.parts
} | {path.name for path in TOP.iterdir()}
PATH = re.compile(rf"(?<![\w./~-])(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./*-]*[\w*/]")
ROLE = re.compile(r":(?:mod|class|func|meth|data|attr|exc):`~?([\w.]+)`")


def name(path: Path) -> str:
    return path.relative_to(TOP).as_posix()


def is_there(path: str, *bases: str) -> bool:
    """Whether *path*, which may have stars, is a file or folder of this repository, under one of *bases*."""
    if path.rstrip("/") in OF_PROJECTS:
        return True
    candidates = [f"{base}{path}".rstrip("/") for base in bases or ("",)]
    if "*" in path:
        return any(fnmatch.filter(ENTRIES, candidate) for candidate in candidates)
    return any(candidate in ENTRIES for candidate in candidates)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_document_names_only_existing_paths(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = {link for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if "://" not in link}
    links |= {link for link in re.findall(r'src="([^"]+)"', text) if "://" not in link}
    missing = [link for link in links if not (document.parent / link).exists()]
    text = re.sub(r"(?ms)^```.*?^```|^(?: {4}|\t).*?$", "", text)
    for code in re.findall(r"`([^`\n]+)`", text):
        if PATH.fullmatch(code) and not is_there(code):
            missing.append(code)
        if re.fullmatch(r"[a-z_]+\.py", code) and code not in {entry.rpartition("/")[2] for entry in ENTRIES}:
            missing.append(code)
        if re.fullmatch(r"[a-z_]+(/[a-z_]+)*/[a-z_]+\.py", code) and not is_there(code, "", "src/", "src/ecluse/"):
            missing.append(code)
        if re.fullmatch(r"test_\w+", code) and code not in names_of_tests():
            missing.append(code)
    assert not missing


@cache
def names_of_tests() -> set[str]:
    files = [path for path in SOURCES if path.is_relative_to(TOP / "tests")]
    return {found for path in files for found in re.findall(r"(?m)^ *def (test_\w+)", path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_link_to_a_heading_names_one_that_is_there(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", document.read_text(encoding="utf-8"))
    assert not [
        f"{path}#{anchor}"
        for path, anchor in links
        if anchor not in anchors(document.parent / path if path else document)
    ]


def anchors(document: Path) -> set[str]:
    """The anchors of the headings of *document*, as GitHub makes them."""
    titles = re.findall(r"(?m)^#+ (.+)$", document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("folder", sorted({path.parent for path in SOURCES}), ids=name)
def test_source_names_only_existing_paths(folder: Path) -> None:
    missing = [
        f"{name(source)}:{line}: {path}"
        for source in sorted(folder.glob("*.py"))
        for line, text in (words if "src" in source.parts else prose)(source)
        for path in PATH.findall(text)
        if not is_there(path)
    ]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("folder", sorted({path.parent for path in SOURCES if "src" in path.parts}), ids=name)
def test_docstring_names_only_existing_objects(folder: Path) -> None:
    missing = [
        f"{name(source)}:{line}: {target}"
        for source in sorted(folder.glob("*.py"))
        for line, text in words(source)
        for target in ROLE.findall(text)
        if not (
            target.partition(".")[0] in sys.stdlib_module_names
            or exists(target)
            or exists(f"{module(source)}.{target}")
            or in_a_class(source, target)
        )
    ]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_document_names_only_existing_commands_and_options(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    lines = [line for block in blocks(document) for line in block.text.splitlines()]
    spans = re.findall(r"`([^`\n]+)`", text) + re.findall(r"(?m)^ +(.*)$", text) + lines
    wrong = {span: why for span in spans if (why := misuse(span))}
    assert not wrong


@pytest.mark.parametrize("folder", sorted({path.parent for path in SOURCES if "src" in path.parts}), ids=name)
def test_source_names_only_existing_commands(folder: Path) -> None:
    wrong = [
        f"{name(source)}:{line}: ./ecluse {command}"
        for source in sorted(folder.glob("*.py"))
        for line, text in words(source)
        for command in re.findall(r"\./ecluse ([a-z][a-z-]*)", text)
        if command not in {*COMMANDS, *WORDS}
    ]
    assert not wrong, "\n".join(wrong)


def misuse(line: str) -> str | None:
    """Why the call of ecluse at the beginning of *line* is not one that click accepts, if there is one."""
    line = re.sub(r"^(\$ )?([A-Z_]+=\S+ )*", "", line.strip())
    found = re.match(r"(?:\./)?ecluse (?=\S)([^#|&;>…]*)", line)
    if not found:
        return None
    call = re.split(r" {2,}", found.group(1).strip())[0].replace("[", "").replace("]", "")
    arguments = shlex.split(call) if call.count('"') % 2 == 0 else call.split()
    if arguments[:1] == ["COMMAND"]:
        return None
    command: click.Command = cli
    try:
        while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
            context = click.Context(command)
            _name, found_command, arguments = command.resolve_command(context, arguments)
            assert found_command is not None
            command = found_command
    except click.UsageError as error:
        return error.message
    if isinstance(command, Verbatim):  # its arguments are another program's
        return None
    known = {option for parameter in command.get_params(click.Context(command)) for option in parameter.opts}
    known |= {option for parameter in command.params for option in parameter.secondary_opts} | {"-h", "--version"}
    own = itertools.takewhile(lambda argument: argument != "--", arguments)
    unknown = [argument for argument in own if argument.startswith("-") and argument.partition("=")[0] not in known]
    return f"no such option: {', '.join(unknown)}" if unknown else None


@cache
def tree(source: Path) -> ast.Module:
    return ast.parse(source.read_text(encoding="utf-8"))


@cache
def prose(source: Path) -> tuple[tuple[int, str], ...]:
    """The docstrings and comments of *source*, each with its line."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(tree(source)) if isinstance(node, documented)]
    docstrings = [(getattr(node, "lineno", 1), ast.get_docstring(node) or "") for node in nodes]
    tokens = tokenize.generate_tokens(io.StringIO(source.read_text(encoding="utf-8")).readline)
    return (*docstrings, *((token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT))


@cache
def words(source: Path) -> tuple[tuple[int, str], ...]:
    """The docstrings and comments of *source*, and every other text in it: messages, hints, help."""
    constants = (node for node in ast.walk(tree(source)) if isinstance(node, ast.Constant))
    return (*prose(source), *((node.lineno, node.value) for node in constants if isinstance(node.value, str)))


def module(source: Path) -> str:
    return source.relative_to(TOP / "src").with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")


def exists(dotted: str) -> bool:
    """Whether *dotted* is a module under src, or a name that such a module defines or imports."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        base = TOP.joinpath("src", *parts[:length])
        file = base.with_suffix(".py") if base.with_suffix(".py").is_file() else base / "__init__.py"
        if file.is_file():
            return defines(tree(file).body, parts[length:])
    return False


def in_a_class(source: Path, target: str) -> bool:
    """Whether a class of *source* has *target*: a class writes :meth:`run` for a method of its own."""
    nodes = [*ast.walk(tree(source))]
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
    return target in attributes or any(
        defines(node.body, target.split(".")) for node in nodes if isinstance(node, ast.ClassDef)
    )


def defines(body: list[ast.stmt], parts: list[str]) -> bool:
    if not parts:
        return True
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name == parts[0]:
            return len(parts) == 1 or defines(node.body, parts[1:])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and [node.name] == parts:
            return True
        if isinstance(node, ast.Import | ast.ImportFrom):
            if parts[0] in {alias.asname or alias.name.partition(".")[0] for alias in node.names}:
                return True
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if [item.id for item in targets if isinstance(item, ast.Name)] == parts[:1]:
                return True
        if isinstance(node, ast.If | ast.Try) and defines(node.body, parts):
            return True
    return False
