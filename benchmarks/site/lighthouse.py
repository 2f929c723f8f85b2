"""Lighthouse before a site that runs: ``python -m benchmarks.site.lighthouse URL``. Writes to RESULTS.md.

Needs npm, which fetches Lighthouse and a Node that is new enough for it, and Chromium (CHROME_PATH). A telephone on a
slow network, as Lighthouse simulates it; the median of the runs of each page. The certificate may be the site's own.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
from typing import Any

import click

from benchmarks.results import machine, write_section
from ecluse.machine import process

# The newest of both that were seen to work together.
PACKAGES = ("node@24", "lighthouse@13")
CHROME = "--headless=new --no-sandbox --ignore-certificate-errors --disable-dev-shm-usage"

PAGES = {"the list": "/motos/", "a motorcycle": "/motos/moto/40"}
CATEGORIES = {"performance": "performance", "accessibility": "accessibility", "best-practices": "best practices"}
LOWEST = 95
MOST_BYTES = 150_000


@click.command()
@click.argument("url")
@click.option("--runs", default=3, show_default=True, help="Of each page; their median counts.")
def main(url: str, runs: int) -> None:
    """Measure the pages of motos at URL, an https://HOST without a path."""
    lines = [
        "## Motos in a browser",
        "",
        f"Lighthouse, a telephone on a slow network, before the composed images; the median of {runs}. {machine()}.",
        "",
        f"| page | {' | '.join(CATEGORIES.values())} | compressed JavaScript |",
        f"| --- | {'---: | ' * (len(CATEGORIES) + 1)}".rstrip(),
    ]
    kept = True
    for name, path in PAGES.items():
        reports = [_report(url.rstrip("/") + path) for _ in range(runs)]
        scores = [statistics.median(_score(report, category) for report in reports) for category in CATEGORIES]
        size = max(map(_javascript, reports))
        kept = kept and min(scores) >= LOWEST and size <= MOST_BYTES
        lines.append(f"| {name} | {' | '.join(f'{score:.0f}' for score in scores)} | {size / 1000:.0f} kB |")
    verdict = "kept" if kept else "missed"
    lines += ["", f"Budget: each at least {LOWEST}, at most {MOST_BYTES // 1000} kB. {verdict.capitalize()}."]
    write_section("lighthouse", "\n".join(lines))
    click.echo("\n".join(lines))
    if not kept:
        raise SystemExit(1)


def _report(address: str) -> dict[str, Any]:
    packages = (part for package in PACKAGES for part in ("--package", package))
    argv = ["npm", "exec", "--yes", *packages, "--", "lighthouse", address, "--quiet", "--output=json"]
    argv += [f"--chrome-flags={CHROME}", f"--only-categories={','.join(CATEGORIES)}"]
    chromium = os.environ.get("CHROME_PATH") or shutil.which("chromium") or shutil.which("google-chrome") or ""
    done = process.read(argv, env={**os.environ, "CHROME_PATH": chromium})
    report: dict[str, Any] = json.loads(done.output)
    return report


def _score(report: dict[str, Any], category: str) -> float:
    """0 to 100."""
    return float(report["categories"][category]["score"]) * 100


def _javascript(report: dict[str, Any]) -> int:
    """Bytes of scripts, as they were sent."""
    items = report["audits"]["network-requests"]["details"]["items"]
    return sum(item["transferSize"] for item in items if item["resourceType"] == "Script")


if __name__ == "__main__":
    main()
