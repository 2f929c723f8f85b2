"""Chance edits, adds, lists and renames files of a project: a cluster from the cache never contradicts a fresh one."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.slow

# A migration that asks in every way; what it is told becomes rows.
MIGRATION = """
import os
from importlib import import_module
from pathlib import Path

from django.db import migrations, models

from shop import early
from shop.deep.helper import describe

HERE = Path(__file__).parents[1]
AT_IMPORT = (HERE / "files" / "a.txt").read_text() if (HERE / "files" / "a.txt").exists() else "none"


def fill(apps, editor):
    album = apps.get_model("shop", "Album")
    rows = [AT_IMPORT, early.VALUE, describe(HERE / "files"), import_module("shop.late").VALUE]
    rows += [str(sorted(os.listdir(HERE / "files"))), str((HERE / "files" / "b.txt").is_file())]
    for title in rows:
        album.objects.create(title=title)


class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel(
            "Album", [("id", models.BigAutoField(primary_key=True)), ("title", models.CharField(max_length=500))]
        ),
        migrations.RunPython(fill),
    ]
"""

HELPER = """
def describe(folder):
    return ",".join(f"{path.name}={path.read_text()}" for path in sorted(folder.glob("*.txt")) if path.exists())
"""

TESTS = """
import pytest
from shop.models import Album


@pytest.mark.django_db
def test_rows():
    print("<<" + "|".join(Album.objects.order_by("pk").values_list("title", flat=True)) + ">>")
"""

NAMES = st.sampled_from(["a.txt", "b.txt", "c.txt", "d.md"])
TEXTS = st.sampled_from(["1", "2"])
STEPS = st.one_of(
    st.tuples(st.just("write"), NAMES, TEXTS),
    st.tuples(st.just("remove"), NAMES, st.none()),
    st.tuples(st.just("rename"), NAMES, NAMES),
    st.tuples(st.just("link"), NAMES, NAMES),
    st.tuples(st.just("early"), st.none(), TEXTS),
    st.tuples(st.just("late"), st.none(), TEXTS),
    st.tuples(st.just("helper"), st.none(), TEXTS),
    st.tuples(st.just("unrelated"), st.none(), TEXTS),
)


def change(project: Any, step: tuple[str, str | None, str | None]) -> None:
    kind, name, other = step
    files = project.folder / "shop" / "files"
    path = files / (name or "")
    if kind == "write" and not path.is_symlink():
        path.write_text(other or "", encoding="utf-8")
    elif kind == "remove":
        path.unlink(missing_ok=True)
    elif kind == "rename" and os.path.lexists(path):
        path.rename(files / (other or ""))
    elif kind == "link" and name != other and not os.path.lexists(path):
        path.symlink_to(other or "")
    elif kind in ("early", "late", "unrelated"):
        project.write(f"shop/{kind}.py", f"VALUE = '{kind} {other}'\n")
    elif kind == "helper":
        project.write("shop/deep/helper.py", HELPER.replace('","', f'"{other}"'))


def rows(project: Any, *options: str) -> str:
    """The rows in the database, or the error that the migrations end with."""
    output = project.test("-s", "test_shop.py", *options, check=False).output
    found = re.search("<<(.*)>>", output) or re.search(r"^E  +(\w+Error.*)$", output, re.MULTILINE)
    assert found, output
    return found[1]


def start(project: Any) -> None:
    (project.folder / "shop" / "files").mkdir()
    (project.folder / "shop" / "deep").mkdir()
    for name, text in {
        "shop/migrations/0001_initial.py": MIGRATION,
        "shop/deep/__init__.py": "",
        "shop/deep/helper.py": HELPER,
        "shop/early.py": "VALUE = 'early 0'\n",
        "shop/late.py": "VALUE = 'late 0'\n",
        "shop/apps.py": "from django.apps import AppConfig\n\n\nclass Shop(AppConfig):\n    name = 'shop'\n\n"
        "    def ready(self):\n        from shop import late\n",
        "test_shop.py": TESTS,
    }.items():
        project.write(name, text)


def compare(project: Any, steps: list[tuple[str, str | None, str | None]]) -> None:
    for step in steps:
        change(project, step)
    assert rows(project) == rows(project, "--fresh-db")


def examples(count: int) -> Any:
    # No shrinking: a counterexample is its list of steps, and each run takes seconds.
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    return settings(
        max_examples=count,
        deadline=None,
        phases=phases,
        derandomize=count < 10,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def test_cache_never_contradicts_a_fresh_run(project: Any) -> None:
    start(project)
    examples(3)(given(st.lists(STEPS, min_size=1, max_size=3))(lambda steps: compare(project, steps)))()


@pytest.mark.exhaustive
def test_cache_never_contradicts_a_fresh_run_in_many_cases(project: Any) -> None:
    start(project)
    examples(60)(given(st.lists(STEPS, min_size=1, max_size=3))(lambda steps: compare(project, steps)))()
