import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

from website import background

SOURCE = Path(__file__).resolve().parents[2] / "src"


def modules() -> dict[str, ast.Module]:
    """The syntax trees of the site's modules, by their names."""
    return {
        ".".join(file.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): ast.parse(file.read_text())
        for file in (SOURCE / "website").rglob("*.py")
    }


def imports(tree: ast.Module, known: set[str]) -> Iterator[str]:
    """The modules of *known* that *tree* imports, also those imported inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield from {f"{node.module}.{alias.name}", node.module} & known
        elif isinstance(node, ast.Import):
            yield from {alias.name for alias in node.names} & known


def test_modules_of_the_site_import_in_no_circle():
    trees = modules()
    # A package's own __init__ says nothing of what its modules need.
    packages = {name.rpartition(".")[0] for name in trees}
    graph = {name: set(imports(tree, set(trees))) - packages for name, tree in trees.items() if name not in packages}
    graphlib.TopologicalSorter(graph).prepare()


def test_tasks_asked_for_by_name_exist():
    asked = {
        node.args[0].value
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in ("enqueue", "enqueue_all")
        and isinstance(node.args[0], ast.Constant)
    }
    assert {"uploads.erase", "uploads.project", "store.confirm_booking", "weather.fetch_place"} <= asked
    assert [background._task(name).name for name in sorted(asked)] == sorted(asked)


def test_task_is_found_by_name_in_a_fresh_process(run_python):
    done = run_python(
        "import django; django.setup()\n"
        "from website import background\n"
        "print(background._task('uploads.erase').name)\n"
    )
    assert done.stdout.strip() == "uploads.erase"
