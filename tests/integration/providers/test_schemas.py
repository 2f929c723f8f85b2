"""Rendered files fit the schemas of the providers, with words that this repository's own pipeline does not use."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ecluse.machine import process
from ecluse.render import render
from tests.support.providers.pipelines import RELEASES

pytestmark = pytest.mark.counted

SCHEMAS = {
    ".github/workflows/pipeline.yml": "vendor.github-workflows",
    ".github/workflows/pipeline-push.yml": "vendor.github-workflows",
    ".github/actions/setup/action.yml": "vendor.github-actions",
    ".github/actions/keep/action.yml": "vendor.github-actions",
    ".github/actions/report/action.yml": "vendor.github-actions",
    ".gitlab-ci.yml": "vendor.gitlab-ci",
    ".travis.yml": "vendor.travis",
}


def test_rendered_files_fit_the_schemas_of_the_providers(tmp_path: Path) -> None:
    files = render(RELEASES).files
    assert set(files) == set(SCHEMAS)
    for path, schema in SCHEMAS.items():
        file = tmp_path / Path(path).name
        file.write_text(files[path])
        checked = process.run(
            [sys.executable, "-m", "check_jsonschema", "--quiet", "--builtin-schema", schema, str(file)], check=False
        )
        assert checked.ok, f"{path}: {checked.output}"
