"""Advice about tests that fail: how a pipeline gets green without them, with each left out by name."""

from __future__ import annotations

from collections.abc import Sequence

from ecluse.adopt.suite import Suite

__all__ = ["advice"]


def advice(suite: Suite, failed: Sequence[str]) -> list[str]:
    """The lines that say what to do about the tests that *failed*, in pipeline.py or in the project."""
    first = "./ecluse ship stops here until they pass. To leave them out until they are mended:"
    if suite.is_pytest:
        options = ", ".join(f'"--deselect={name}"' for name in failed[:3]) + (", …" if len(failed) > 3 else "")
        return [first, f'in pipeline.py, job tests, after "pytest": {options}']
    return [
        first,
        'mark each with @tag("known-failure"), from django.test,',
        'and in pipeline.py, job tests, after "test": "--exclude-tag=known-failure"',
    ]
