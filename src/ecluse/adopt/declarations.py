"""The dependencies of a project as its own files declare them: a reader for each kind of file, the most exact first."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecluse.adopt.python_choice import CONDA_FILES, from_poetry
from ecluse.adopt.toml import strings, table

__all__ = ["Declaration", "declarations"]

# Groups, extras and files of these names are for tests and for developers.
_FOR_TESTS = re.compile(r"dev|test|ci\b|lint|qa|quality", re.IGNORECASE)
_FOR_SITE = re.compile(r"base|common|prod|main|deploy|requirements$", re.IGNORECASE)


@dataclass(frozen=True)
class Declaration:
    """The declarations of one kind of file: requirements (PEP 508 lines) of the *site*, and those that its *tests* add.

    *source* names the file for people. *exported*: both come from uv itself, asked with these arguments. *notes* say
    what was read differently from what stands there.
    """

    source: str
    site: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    exported: bool = False
    notes: tuple[str, ...] = field(default=())


def declarations(top: Path, folder: str) -> Iterator[Declaration]:
    """The declarations of the project in *folder*, the most exact first: a lock before what it was made of."""
    for where in dict.fromkeys((top / folder, *(_between(top, folder)), top)):
        seen: set[Path] = set()
        for name, read in _KINDS:
            for path in sorted({*where.glob(name)} - seen):
                seen.add(path)
                # Our own locks stand beside the project's files.
                found = None if path.name.startswith("ecluse") else read(path)
                if found is not None and (found.exported or any(found.site)):
                    yield _named(found, path.relative_to(top).as_posix())


def _between(top: Path, folder: str) -> Iterator[Path]:
    path = top / folder
    while path != top and top in path.parents:
        path = path.parent
        yield path


def _named(found: Declaration, source: str) -> Declaration:
    return Declaration(source, found.site, found.tests, found.exported, found.notes)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def _uv(path: Path) -> Declaration | None:
    if not (path.parent / "pyproject.toml").is_file():
        return None
    indexes = table(_toml(path.parent / "pyproject.toml"), "tool", "uv").get("index")
    return Declaration("", exported=True, notes=_own_indexes("pyproject.toml", _urls(indexes)))


def _urls(indexes: Any) -> Iterator[str]:
    """The addresses in a list of *indexes*; a table is a list of one."""
    for one in indexes if isinstance(indexes, list) else [indexes]:
        if isinstance(one, dict) and isinstance(one.get("url"), str):
            yield one["url"]


# The hosts of Python's public index: the second is in files of former years.
_PUBLIC = re.compile(r"pypi\.(?:python\.)?org")

# An option of pip for an index, or for a page or folder with packages.
_INDEX = re.compile(r"(?:-i|-f|--(?:extra-)?index-url\b|--find-links\b)[=\s]*(\S+)")


def _own_indexes(file: str, urls: Iterable[str]) -> tuple[str, ...]:
    """A line for each index of packages that *file* names beside the public one, without what is secret in it."""
    places = dict.fromkeys(_place(url.strip("\"' ")) for url in urls)
    return tuple(
        f"{file} names an index of its own, which is not used: {one}"
        for one in places
        if one and not _PUBLIC.fullmatch(one)
    )


def _place(url: str) -> str:
    """The host of *url*, which may have no scheme, or be no address at all; the path of a folder."""
    address = re.match(r"[a-z][a-z0-9+.-]*://([^/?#]+)", url, re.IGNORECASE)
    text = (address[1] if address else re.split(r"[?#]", url, maxsplit=1)[0]).rpartition("@")[2]
    host = re.sub(r":\d*$", "", text.partition("/")[0])
    is_path = not address and "@" not in url and "." not in host.strip(".")
    return text if is_path else host.lower()


def _poetry(path: Path) -> Declaration | None:
    """Each package of the lock is a line; a marker of its own is kept."""
    site: list[str] = []
    tests: list[str] = []
    main = _poetry_main(path.parent / "pyproject.toml")
    for package in _toml(path).get("package", []):
        groups = set(package.get("groups") or [package.get("category", "main")])
        line = _poetry_line(package, groups)
        if package.get("optional") and "main" in groups and package["name"].lower() not in main:
            continue
        (site if "main" in groups else tests).append(line)
    sources = (package.get("source", {}) for package in _toml(path).get("package", []))
    notes = _own_indexes(path.name, _urls([one for one in sources if one.get("type") == "legacy"]))
    return Declaration("", tuple(site), tuple(tests), notes=notes) if site else None


def _poetry_line(package: Mapping[str, Any], groups: set[str]) -> str:
    source = package.get("source", {})
    if source.get("type") == "git":
        return f"{package['name']} @ git+{source['url']}@{source['resolved_reference']}"
    markers = package.get("markers")
    if isinstance(markers, dict):
        one = "main" if "main" in groups else sorted(groups)[0]
        markers = markers.get(one)
    return f"{package['name']}=={package['version']}" + (f" ; {markers}" if markers else "")


def _poetry_main(path: Path) -> set[str]:
    """The names of the packages that are wanted although the lock calls them optional."""
    wanted = table(_toml(path), "tool", "poetry", "dependencies")
    return {name.lower() for name, value in wanted.items() if not (isinstance(value, dict) and value.get("optional"))}


def _pdm(path: Path) -> Declaration | None:
    site: list[str] = []
    tests: list[str] = []
    for package in _toml(path).get("package", []):
        if "path" in package or "url" in package:
            continue
        groups = package.get("groups") or ["default"]
        marker = package.get("marker")
        line = f"{package['name']}=={package['version']}" + (f" ; {marker}" if marker else "")
        (site if "default" in groups else tests).append(line)
    return Declaration("", tuple(site), tuple(tests)) if site else None


def _pipfile_lock(path: Path) -> Declaration | None:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None

    def lines(part: str) -> tuple[str, ...]:
        return tuple(_pipfile_line(name, value) for name, value in table(values, part).items())

    notes = _own_indexes(path.name, _urls(table(values, "_meta").get("sources")))
    return Declaration("", lines("default"), lines("develop"), notes=notes)


def _pipfile_line(name: str, value: Mapping[str, Any]) -> str:
    extras = f"[{','.join(value['extras'])}]" if value.get("extras") else ""
    marker = f" ; {value['markers']}" if value.get("markers") else ""
    if "git" in value:
        return f"{name}{extras} @ git+{value['git']}@{value.get('ref', 'HEAD')}{marker}"
    return f"{name}{extras}{value.get('version', '')}{marker}"


def _pipfile(path: Path) -> Declaration | None:
    values = _toml(path)
    return Declaration("", _loose(table(values, "packages")), _loose(table(values, "dev-packages")))


def _loose(packages: Mapping[str, Any]) -> tuple[str, ...]:
    """The packages of a Pipfile or of Poetry's own table, as the standard writes them."""
    lines = []
    for name, value in packages.items():
        if name.lower() == "python":
            continue
        wanted = value if isinstance(value, dict) else {"version": value}
        if isinstance(value, list) or "path" in wanted:
            continue
        extras = f"[{','.join(wanted['extras'])}]" if wanted.get("extras") else ""
        if "git" in wanted:
            at = wanted.get("rev") or wanted.get("tag") or wanted.get("branch") or wanted.get("ref") or "HEAD"
            lines.append(f"{name}{extras} @ git+{wanted['git']}@{at}")
        elif not wanted.get("optional"):
            lines.append(f"{name}{extras}{from_poetry(str(wanted.get('version') or '*'))}")
    return tuple(lines)


def _pyproject(path: Path) -> Declaration | None:
    values = _toml(path)
    project, poetry = table(values, "project"), table(values, "tool", "poetry")
    groups = {
        **{name: strings(lines) for name, lines in table(project, "optional-dependencies").items()},
        **{name: _group(values, name) for name in table(values, "dependency-groups")},
    }
    tests = [line for name, lines in groups.items() if _FOR_TESTS.search(name) for line in lines]
    site = strings(project.get("dependencies"))
    if poetry:
        site += _loose(table(poetry, "dependencies"))
        tests += _loose(table(poetry, "dev-dependencies"))
        for name in table(poetry, "group"):
            if _FOR_TESTS.search(name):
                tests += _loose(table(poetry, "group", name, "dependencies"))
    return Declaration("", tuple(site), tuple(tests)) if site else None


def _group(values: Mapping[str, Any], name: str, seen: frozenset[str] = frozenset()) -> list[str]:
    """A dependency group with the groups that it includes: PEP 735."""
    lines: list[str] = []
    listed = table(values, "dependency-groups").get(name)
    for item in listed if isinstance(listed, list) and name not in seen else []:
        if isinstance(item, str):
            lines.append(item)
        elif isinstance(item, dict):
            lines += _group(values, str(item.get("include-group", "")), seen | {name})
    return lines


def _setup_cfg(path: Path) -> Declaration | None:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return None
    site = parser.get("options", "install_requires", fallback="")
    extras = parser.items("options.extras_require") if parser.has_section("options.extras_require") else []
    tests = [line for name, text in extras if _FOR_TESTS.search(name) for line in text.splitlines()]
    return Declaration("", _lines(site.splitlines()), _lines(tests)) if site.strip() else None


def _requirements(path: Path) -> Declaration | None:
    """A requirements file with its neighbours: those of the site, and those that tests and developers add."""
    beside = [*_of_the_project(path.parent, "*requirements*.txt"), *_of_the_project(path.parent, "requirements/*.txt")]
    tests = [other for other in sorted({*beside}) if other != path and _FOR_TESTS.search(other.stem)]
    notes: list[str] = []
    site = _flat(path, notes)
    return Declaration("", site, tuple(line for other in tests for line in _flat(other, notes)), notes=tuple(notes))


def _requirements_folder(path: Path) -> Declaration | None:
    """``requirements/``: production's file where there is one, else the base; and those of tests and developers."""
    files = _of_the_project(path.parent, "*.txt")
    order = ("production", "prod", "deploy", "base", "common", "main", "requirements", "local")
    site = next((file for name in order for file in files if file.stem.lower() == name), None)
    if site is None or site != path:
        return None
    notes: list[str] = []
    tests = [file for file in files if _FOR_TESTS.search(file.stem) or file.stem == "local"]
    lines = tuple(line for file in tests if file != site for line in _flat(file, notes))
    return Declaration("", _flat(site, notes), lines, notes=tuple(notes))


def _of_the_project(folder: Path, pattern: str) -> list[Path]:
    """The files in *folder* that fit *pattern*, without the locks that an earlier adoption has written."""
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith("ecluse-"))


def _flat(path: Path, notes: list[str], seen: frozenset[Path] = frozenset()) -> tuple[str, ...]:
    """The lines of a requirements file, with the files that it includes, in whatever encoding it was saved."""
    if path in seen or not path.is_file():
        return ()
    lines: list[str] = []
    for line in _joined(_decoded(path.read_bytes())):
        included = re.match(r"(?:-r|--requirement)[ =]*(\S+)", line)
        if included:
            lines += _flat((path.parent / included[1]).resolve(), notes, seen | {path})
        elif line.startswith(("-c", "--constraint")):
            continue
        elif line.startswith("-"):
            if index := _INDEX.match(line):
                notes += _own_indexes(path.name, [index[1]])
            elif line.startswith(("-e", "--editable")) and "git+" in line:
                lines.append(_editable(line))
        else:
            lines.append(line)
    return _lines(lines)


def _editable(line: str) -> str:
    url = line.split(None, 1)[-1]
    name = re.search(r"egg=([\w.-]+)", url)
    return f"{name[1]} @ {url.partition('#')[0]}" if name else url


def _decoded(content: bytes) -> str:
    """Windows' shells save ``pip freeze`` as UTF-16; pip and uv read it by its byte order mark."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    if content[1:2] == b"\0":
        return content.decode("utf-16-le", errors="replace")
    return content.decode("utf-8", errors="replace")


def _joined(text: str) -> Iterator[str]:
    """Logical lines: a backslash at the end joins, and hashes belong to the line before."""
    for line in text.replace("\\\n", " ").replace("\\\r\n", " ").splitlines():
        yield re.sub(r"(^|\s)#.*$", "", re.sub(r"\s--hash[= ]\S+", "", line)).strip()


def _lines(lines: Iterable[str]) -> tuple[str, ...]:
    found = []
    for line in lines:
        line = line.strip()
        # ``name @ file:///…`` is what conda's pip freeze writes: a place on somebody's machine.
        line = re.sub(r"\s*@\s*file://\S+", "", line)
        if line and not line.startswith("#") and line not in (".", "./"):
            found.append(line)
    return tuple(dict.fromkeys(found))


def _environment(path: Path) -> Declaration | None:
    from ruamel.yaml import YAML

    try:
        values = YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {}
    except Exception:  # whatever a YAML library raises: this file tells us nothing
        return None
    site: list[str] = []
    listed = values.get("dependencies") if isinstance(values, dict) else None
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, dict):
            site += strings(item.get("pip"))
        elif isinstance(item, str) and not _NOT_OF_PYTHON.match(name := _conda_name(item)):
            site.append(name + _conda_version(item))
    return Declaration("", _lines(site))


# Packages of conda that are no packages of Python: interpreters, compilers, C libraries, databases.
_NOT_OF_PYTHON = re.compile(
    r"_|lib|("
    r"python|python_abi|pip|setuptools|wheel|openssl|sqlite|zlib|zstd|ca-certificates|certifi|readline|ncurses|tk|xz"
    r"|bzip2|nodejs|postgresql|mysql|redis-server|rabbitmq-server|gcc\w*|gxx\w*|ld_impl\w*|compilers|make|cmake|git"
    r"|tzdata|krb5|vc|vs20\d+|vs\d+_runtime|ucrt|expat|icu|openjpeg|jpeg|freetype|lcms2|lz4-c|mkl\w*|blas|intel-openmp"
    r")$"
)
_OTHER_NAMES = {"pytorch": "torch", "msgpack-python": "msgpack"}


def _conda_name(item: str) -> str:
    """The name of a package of conda, as ``conda-forge::django >=4.2`` has it, on the index of Python."""
    name = re.split(r"[\s=<>!~]", item.rpartition("::")[2].strip(), maxsplit=1)[0].lower()
    return _OTHER_NAMES.get(name, name)


def _conda_version(item: str) -> str:
    """The versions of a package of conda as the standard writes them; without a build. ``=4.2`` is any 4.2."""
    found = re.search(r"[\s=<>!~].*", item.rpartition("::")[2].strip())
    wanted = re.sub(r"\s", "", found[0]) if found else ""
    if not wanted or wanted[0] in "<>!~":
        return wanted
    version, _, build = wanted.lstrip("=").partition("=")
    exact = build or wanted.startswith("==") or version.count(".") > 1 or version.endswith("*")
    return f"=={version}" if exact else f"=={version}.*"


_KINDS: tuple[tuple[str, Callable[[Path], Declaration | None]], ...] = (
    ("uv.lock", _uv),
    ("poetry.lock", _poetry),
    ("pdm.lock", _pdm),
    ("requirements.txt", _requirements),
    ("requirements/*.txt", _requirements_folder),
    ("Pipfile.lock", _pipfile_lock),
    ("pyproject.toml", _pyproject),
    ("Pipfile", _pipfile),
    ("setup.cfg", _setup_cfg),
    ("*requirements*.txt", _requirements),
    *((name, _environment) for name in CONDA_FILES),
)
