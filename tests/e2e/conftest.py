"""The site in its images, and a real browser before it.

``SITE_URL`` (with ``SITE_USER`` and ``SITE_PASSWORD``, of staff) tests a site that runs already; otherwise the images
are built, composed, and removed again. ``CHROMIUM`` names the browser; the folder ``SCREENSHOTS`` gets pictures.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from _pytest.runner import runtestprotocol
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

HERE = Path(__file__).resolve().parent


class Site(NamedTuple):
    url: str
    user: str
    password: str


CHANGED = "net::ERR_NETWORK_CHANGED"
dropped: list[str] = []


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """A test that fails when Chromium has dropped a connection is tried again, twice at most.

    It drops them all, also those to this machine, whenever the machine's network changes: with every container that
    starts or ends, whosever it is (https://issues.chromium.org/issues/41465264).
    """
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for last in (False, False, True):
        dropped.clear()
        item._initrequest()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if last or not dropped or all(report.passed for report in reports):
            break
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The contract's test last: what it adds and changes is not what a visitor is to find."""
    items.sort(key=lambda item: item.path.name == "test_contract.py")


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The site, with the demonstration data and somebody of staff."""
    if os.environ.get("SITE_URL"):
        yield Site(os.environ["SITE_URL"].rstrip("/"), os.environ["SITE_USER"], os.environ["SITE_PASSWORD"])
        return
    found = Site("", "vendeuse", secrets.token_urlsafe(12))
    project = f"e2e-{secrets.token_hex(4)}"
    variables = {
        **os.environ,
        "E2E_USER": found.user,
        "E2E_PASSWORD": found.password,
    }

    def compose(*arguments: str) -> str:
        argv = ["docker", "compose", "--project-name", project, "--file", str(HERE / "compose.yml"), *arguments]
        done = subprocess.run(argv, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    try:
        compose("up", "--detach", "--wait", *([] if os.environ.get("E2E_SITE_IMAGE") else ["--build"]))
        yield found._replace(url=f"https://{compose('port', 'front', '8443')}")
    finally:
        compose("down", "--volumes", "--timeout", "5")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium: Playwright's own is not downloaded."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        # A provider's job that tested nothing must not be green.
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("no chromium or google-chrome on the PATH; CHROMIUM=/path/to/one names it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A visitor's browser: French, on a desk, unless the test is parametrized with other options."""
    options = {"locale": "fr-FR", "viewport": {"width": 1280, "height": 900}, **getattr(request, "param", {})}
    # The certificate is the site's own, made for this run.
    context = browser.new_context(base_url=site.url, ignore_https_errors=True, **options)
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page in which nothing may go wrong unseen: no error in a script, nothing that the policy refuses."""
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console", lambda message: wrong.append(message.text) if "Content Security Policy" in message.text else None
    )
    page.on("requestfailed", lambda request: dropped.append(request.url) if request.failure == CHANGED else None)
    yield page
    assert not wrong


@pytest.fixture
def csrf(page: Page, site: Site) -> Callable[[], dict[str, str]]:
    """A function that returns what a change needs beside its session: the headers that the site's own pages send."""

    def headers() -> dict[str, str]:
        token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")
        return {"X-CSRFToken": token, "Referer": f"{site.url}/"}

    return headers


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A photograph to upload."""
    from PIL import Image

    file = tmp_path / "photo.png"
    Image.effect_noise((1200, 900), 60).convert("RGB").save(file)
    return file


@pytest.fixture
def screenshot():
    """A function that keeps a picture of a page, where somebody wants to look at it."""

    def keep(page: Page, name: str, full_page: bool = False) -> None:
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=full_page)

    return keep
