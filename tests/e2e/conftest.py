"""The site in its images, and a real browser before it.

``SITE_URL`` (with ``SITE_USER`` and ``SITE_PASSWORD``, of staff) tests a site that runs already; otherwise the images
are built, composed, and removed again. ``CHROMIUM`` names the browser; the folder ``SCREENSHOTS`` gets pictures.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

HERE = Path(__file__).resolve().parent


class Site(NamedTuple):
    url: str
    user: str
    password: str


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
        "E2E_SECRET_KEY": secrets.token_urlsafe(50),
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
        yield found._replace(url=f"http://{compose('port', 'front', '8080')}")
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
    context = browser.new_context(base_url=site.url, **options)
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
    yield page
    assert not wrong


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
