"""The documentation as a site: ``./ecluse test -e docs`` builds it. Sphinx reads this file.

The pages are the Markdown of this repository as it stands, so a link works here, at a provider and in the site. README
is the first page; the tables of contents are added to it here, so that no page has anything that only Sphinx knows.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

project = "Écluse"
html_title = "Écluse"
language = "en"
extensions = ["myst_parser"]
root_doc = "README"
include_patterns = ["*.md", "docs/**.md", "benchmarks/RESULTS.md"]
# Folders that have none of the pages: Sphinx would look through all of them.
exclude_patterns = [
    ".*",
    "build",
    "dist",
    "frontend",
    "media",
    "ops",
    "requirements",
    "settings",
    "src",
    "testbed",
    "tests",
]

myst_enable_extensions = ["html_image"]
myst_heading_anchors = 6
# Levels of headings that jump, and code with an ellipsis in it, are no faults of a page.
suppress_warnings = ["myst.header", "misc.highlighting_failure"]

html_theme = "furo"
html_static_path: list[str] = []
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
pygments_style = "friendly"
pygments_dark_style = "native"

SECTIONS = {
    "Tutorial": ("docs/tutorial/*",),
    "How-to": ("docs/how-to/bring-ecluse-to-your-project", "docs/how-to/add-a-job", "docs/how-to/*"),
    "Reference": ("docs/reference/cli", "docs/reference/pipeline", "docs/reference/*"),
    "Explanation": ("docs/explanation/*",),
    "The project": ("docs/README", "docs/decisions/README", "CONTRIBUTING", "CHANGELOG", "benchmarks/RESULTS"),
}


def add_contents(app: Any, page: str, source: list[str]) -> None:
    """Give README the tables of contents of all sections, and the page of decisions that of the decisions."""
    if page == root_doc:
        source[0] += "".join(contents(entries, caption) for caption, entries in SECTIONS.items())
    if page == "docs/decisions/README":
        source[0] += contents(("/docs/decisions/0*",), None)


def contents(entries: tuple[str, ...], caption: str | None) -> str:
    """A table of contents in Markdown: in the margin where it has a *caption*, else in the page."""
    options = f":caption: {caption}\n:hidden:\n" if caption else ""
    return "\n\n```{toctree}\n:glob:\n:titlesonly:\n" + options + "\n" + "\n".join(entries) + "\n```\n"


def make_first_page(app: Any, error: Exception | None) -> None:
    """Let the folder of the site begin with its first page, under the name that servers and people look for."""
    first = Path(app.outdir) / f"{root_doc}.html"
    if error is None and first.is_file():
        shutil.copyfile(first, first.with_name("index.html"))


def setup(app: Any) -> None:
    app.connect("source-read", add_contents)
    app.connect("build-finished", make_first_page)
