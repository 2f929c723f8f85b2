"""The dependencies of a project, by the file that declares them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecluse.adopt.declarations import Declaration, declarations


def first(top: Path, folder: str = ".") -> Declaration:
    return next(declarations(top, folder))


def write(top: Path, **files: str) -> None:
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text, encoding="utf-8")


def test_requirements_include_nested_files(tmp_path: Path) -> None:
    write(tmp_path, **{"requirements.txt": "-r base.txt\nDjango==5.2\n", "base.txt": "celery>=5  # tasks\n"})
    assert first(tmp_path).site == ("celery>=5", "Django==5.2")


def test_requirements_that_include_each_other_end(tmp_path: Path) -> None:
    write(tmp_path, **{"requirements.txt": "-r other.txt\nDjango\n", "other.txt": "-r requirements.txt\nattrs\n"})
    assert set(first(tmp_path).site) == {"attrs", "Django"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "latin-1"])
def test_requirements_are_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "requirements.txt").write_bytes("Django==5.2.1\r\nattrs==24.1\r\n".encode(encoding))
    assert first(tmp_path).site == ("Django==5.2.1", "attrs==24.1")


def test_requirements_lose_hashes_and_local_paths(tmp_path: Path) -> None:
    write(
        tmp_path,
        **{"requirements.txt": "Django==5.2 \\\n    --hash=sha256:00\nattrs @ file:///home/conda/attrs\n"},
    )
    assert first(tmp_path).site == ("Django==5.2", "attrs")


def test_requirements_of_developers_are_for_tests(tmp_path: Path) -> None:
    write(tmp_path, **{"requirements.txt": "Django\n", "requirements-dev.txt": "-r requirements.txt\npytest\n"})
    found = first(tmp_path)
    assert found.site == ("Django",) and "pytest" in found.tests


def test_requirements_folder_takes_production(tmp_path: Path) -> None:
    write(
        tmp_path,
        **{
            "requirements/base.txt": "Django\n",
            "requirements/production.txt": "-r base.txt\ngunicorn\n",
            "requirements/local.txt": "-r base.txt\npytest-django\n",
        },
    )
    found = first(tmp_path)
    assert set(found.site) == {"Django", "gunicorn"} and "pytest-django" in found.tests


def test_own_locks_are_not_declarations(tmp_path: Path) -> None:
    write(tmp_path, **{"requirements/ecluse-site.txt": "Django==5.2\n"})
    assert not list(declarations(tmp_path, "."))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements/base.txt"])
def test_own_locks_add_nothing_to_a_declaration(tmp_path: Path, name: str) -> None:
    write(tmp_path, **{name: "Django==5.2\n", "requirements/ecluse-tests.txt": "legacy-cgi==2.6\n"})
    assert first(tmp_path).tests == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "--extra-index-url https://me:secret@packages.example/simple\nDjango\n"),
        ("requirements.txt", "--extra-index-url=https://packages.example/simple\nDjango\n"),
        (
            "poetry.lock",
            '[[package]]\nname = "django"\nversion = "5"\n[package.source]\n'
            'type = "legacy"\nurl = "https://packages.example/simple"\n',
        ),
        (
            "Pipfile.lock",
            '{"_meta": {"sources": [{"url": "https://packages.example/simple"}]}, "default": {"django": {}}}',
        ),
    ],
)
def test_index_of_a_project_is_reported(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path, **{name: text})
    assert first(tmp_path).notes == (f"{name} names an index of its own, which is not used: packages.example",)


def test_index_of_uv_is_reported(tmp_path: Path) -> None:
    project = '[[tool.uv.index]]\nname = "own"\nurl = "https://packages.example/simple"\n'
    write(tmp_path, **{"uv.lock": "", "pyproject.toml": project})
    assert first(tmp_path).notes == ("pyproject.toml names an index of its own, which is not used: packages.example",)


def test_poetry_lock_is_split_by_groups(tmp_path: Path) -> None:
    lock = """
[[package]]
name = "django"
version = "5.2"
groups = ["main"]
[[package]]
name = "pytest"
version = "8.4"
groups = ["dev"]
markers = "python_version >= '3.11'"
[[package]]
name = "extra"
version = "1"
optional = true
groups = ["main"]
"""
    write(tmp_path, **{"poetry.lock": lock, "pyproject.toml": '[tool.poetry.dependencies]\ndjango = "^5"\n'})
    found = first(tmp_path)
    assert found.site == ("django==5.2",)
    assert found.tests == ("pytest==8.4 ; python_version >= '3.11'",)


def test_pipfile_lock_is_split(tmp_path: Path) -> None:
    lock = {
        "default": {"django": {"version": "==5.2", "markers": "python_version >= '3.10'"}},
        "develop": {"tox": {"version": "==4"}},
    }
    write(tmp_path, **{"Pipfile.lock": json.dumps(lock)})
    found = first(tmp_path)
    assert found.site == ("django==5.2 ; python_version >= '3.10'",) and found.tests == ("tox==4",)


def test_pyproject_groups_of_developers_are_for_tests(tmp_path: Path) -> None:
    text = """
[project]
name = "shop"
dependencies = ["Django>=5"]
[project.optional-dependencies]
docs = ["sphinx"]
test = ["pytest"]
[dependency-groups]
dev = ["black", {include-group = "lint"}]
lint = ["flake8"]
"""
    write(tmp_path, **{"pyproject.toml": text})
    found = first(tmp_path)
    assert found.site == ("Django>=5",)
    assert set(found.tests) == {"pytest", "black", "flake8"}


def test_pyproject_of_tools_alone_declares_nothing(tmp_path: Path) -> None:
    write(tmp_path, **{"pyproject.toml": "[tool.black]\nline-length = 100\n"})
    assert not list(declarations(tmp_path, "."))


def test_lock_comes_before_what_it_was_made_of(tmp_path: Path) -> None:
    write(
        tmp_path, **{"pyproject.toml": '[project]\nname = "a"\ndependencies = ["Django"]\n', "uv.lock": "version = 1\n"}
    )
    assert [one.source for one in declarations(tmp_path, ".")] == ["uv.lock", "pyproject.toml"]


def test_folder_of_the_project_comes_before_the_top(tmp_path: Path) -> None:
    write(tmp_path, **{"requirements.txt": "flask\n", "backend/requirements.txt": "Django\n"})
    assert first(tmp_path, "backend").source == "backend/requirements.txt"


@pytest.mark.parametrize(
    ("item", "line"),
    [
        ("django=5.2=pyhd8", "django==5.2"),
        ("django=5.2", "django==5.2.*"),
        ("django=5.2.1", "django==5.2.1"),
        ("conda-forge::django >=4.2, <5", "django>=4.2,<5"),
        ("pytorch", "torch"),
    ],
)
def test_conda_environment_is_read(tmp_path: Path, item: str, line: str) -> None:
    others = ("_libgcc_mutex=0.1=main", "libffi=3.4", "nodejs", "python=3.12", "tzdata=2023c=h04d1e81_0")
    listed = "".join(f"  - {one}\n" for one in (*others, item))
    write(tmp_path, **{"enviroment.yml": f"dependencies:\n{listed}  - pip:\n      - attrs==24.1\n"})
    assert first(tmp_path).site == (line, "attrs==24.1")


def test_usual_name_of_a_conda_environment_comes_before_others(tmp_path: Path) -> None:
    names = ("environment-dev.yml", "environment.yml", "env.yaml")
    write(tmp_path, **{name: f"dependencies:\n  - django\n  - {name.replace('.', '-')}\n" for name in names})
    assert [one.source for one in declarations(tmp_path, ".")] == ["environment.yml", "environment-dev.yml", "env.yaml"]


def test_blank_items_of_a_conda_environment_are_passed_over(tmp_path: Path) -> None:
    text = "dependencies:\n  - django\n  -\n  - pip:\n    - attrs\n    -\n  - pip: celery\n"
    write(tmp_path, **{"environment.yml": text})
    assert first(tmp_path).site == ("django", "attrs")


@pytest.mark.parametrize("text", ["dependencies: django\n", "dependencies: 1\n", "- django\n"])
def test_conda_environment_of_another_shape_declares_nothing(tmp_path: Path, text: str) -> None:
    write(tmp_path, **{"environment.yml": text})
    assert not list(declarations(tmp_path, "."))


def test_index_of_uv_may_be_a_table(tmp_path: Path) -> None:
    write(tmp_path, **{"uv.lock": "", "pyproject.toml": '[tool.uv.index]\nurl = "https://packages.example/simple"\n'})
    assert first(tmp_path).notes == ("pyproject.toml names an index of its own, which is not used: packages.example",)


@pytest.mark.parametrize("text", ["tool = 1\n", "tool.uv = 1\n", "tool.uv.index = 1\n", "tool.uv.index = [1]\n"])
def test_tables_of_another_shape_name_no_index(tmp_path: Path, text: str) -> None:
    write(tmp_path, **{"uv.lock": "", "pyproject.toml": text})
    assert first(tmp_path).notes == ()


@pytest.mark.parametrize("text", ["project = 1\n", "tool.poetry = 1\n", "[project]\ndependencies = 1\n"])
def test_pyproject_of_another_shape_declares_nothing(tmp_path: Path, text: str) -> None:
    write(tmp_path, **{"pyproject.toml": text})
    assert not list(declarations(tmp_path, "."))


def test_dependency_groups_that_include_each_other_end(tmp_path: Path) -> None:
    groups = 'dev = ["black", {include-group = "test"}]\ntest = ["pytest", {include-group = "dev"}, 1]\n'
    text = f'[project]\ndependencies = ["django"]\n[dependency-groups]\n{groups}'
    write(tmp_path, **{"pyproject.toml": text})
    assert set(first(tmp_path).tests) == {"black", "pytest"}


def test_pipfile_lock_of_another_shape_declares_nothing(tmp_path: Path) -> None:
    write(tmp_path, **{"Pipfile.lock": "[]"})
    assert not list(declarations(tmp_path, "."))


@pytest.mark.parametrize(
    ("option", "place"),
    [
        ("-i https://packages.example/simple", "packages.example"),
        ("-ihttps://packages.example/simple", "packages.example"),
        ("--index-url https://pypi.local/simple", "pypi.local"),
        ('--index-url "https://Packages.example:8443/simple"', "packages.example"),
        ("--extra-index-url me:secret@packages.example/simple", "packages.example"),
        ("--extra-index-url https:/me:secret@packages.example/simple", "packages.example"),
        ("--extra-index-url https://me:sec@ret@packages.example/simple", "packages.example"),
        ("--extra-index-url packages.example/secret/simple", "packages.example"),
        ("--extra-index-url https://[packages.example/simple", "[packages.example"),
        ("--find-links ./wheels", "./wheels"),
        ("-f file:///srv/wheels", "file:///srv/wheels"),
    ],
)
def test_index_is_named_without_what_is_secret_in_its_address(tmp_path: Path, option: str, place: str) -> None:
    write(tmp_path, **{"requirements.txt": f"{option}\nDjango\n"})
    assert first(tmp_path).notes == (f"requirements.txt names an index of its own, which is not used: {place}",)


PUBLIC = (("pypi", "org"), ("pypi", "python", "org"), ("PyPI", "org:443"))


@pytest.mark.parametrize("host", [*map(".".join, PUBLIC)])
def test_public_index_is_none_of_its_own(tmp_path: Path, host: str) -> None:
    write(tmp_path, **{"requirements.txt": f"--index-url https://{host}/simple\nDjango\n"})
    assert first(tmp_path).notes == ()
