from __future__ import annotations

import ast

from ecluse.migrations.bundle import script


def test_script_is_whole_and_names_nothing_of_ecluse() -> None:
    tree = ast.parse(script())
    (sources,) = (ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign))
    assert {"__main__", "compare", "pg_catalog"} <= sources.keys() and "bundle" not in sources
    for name, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom):
                assert node.level or not (node.module or "").startswith("ecluse"), name
            elif isinstance(node, ast.Import):
                assert not any(one.name.startswith("ecluse") for one in node.names), name


def test_script_fits_what_a_swarm_keeps_as_a_file() -> None:
    assert len(script().encode()) < 500_000
