"""The site's pages in a browser: on each kind of screen, in both themes and languages."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

PAGES = [
    "/",
    "/store/",
    "/store/albums/?sort=dearest",
    "/store/albums/1/",
    "/store/search/?query=eau",
    "/store/bookings/",
    "/motos/plain/",
    "/motos/plain/40/",
    "/weather/",
    "/weather/1/",
    "/gallery/",
    "/login/",
    "/account/reset/",
    "/healthcheck/",
    "/problems/",
    "/nowhere/",
]
OF_ACCOUNTS = ["/gallery/", "/weather/search/", "/account/password/", "/weather/1/"]
NARROW = {"viewport": {"width": 375, "height": 812}}
DARK = {"color_scheme": "dark", "locale": "en-GB"}


def log_in(page: Page, site) -> None:
    page.goto("/login/")
    page.locator("#id_username").fill(site.user)
    page.locator("#id_password").fill(site.password)
    page.locator("main button").click()
    expect(page.locator("header form[action$=logout\\/] button")).to_be_visible()


def check(page: Page, address: str) -> None:
    """Fails where axe finds a mistake, or where the page is wider than its screen."""
    page.goto(address)
    results = Axe().run(page)
    assert results.violations_count == 0, f"{address}: {results.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


@pytest.mark.parametrize("context", [NARROW, DARK], ids=["telephone", "dark"], indirect=True)
def test_pages_are_accessible_and_no_wider_than_the_screen(page, site):
    for address in PAGES:
        check(page, address)
    log_in(page, site)
    for address in OF_ACCOUNTS:
        check(page, address)


@pytest.mark.parametrize("context", [NARROW], indirect=True)
def test_forecast_is_in_sight_on_a_telephone(page):
    page.goto("/weather/1/")
    first = page.locator(".days tbody tr").first
    assert first.bounding_box()["y"] < 812
    for table in page.locator(".scroll:visible").all():
        assert table.evaluate("scroll => scroll.scrollWidth <= scroll.clientWidth"), table
    label = page.locator(".chart:visible .chart-label").first
    size = label.evaluate("text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a")
    assert size >= 11


def test_visitor_books_reloads_and_cancels(page):
    page.goto("/store/")
    page.locator(".album a").first.click()
    page.get_by_label("Votre nom").fill("Adèle Mornand")
    page.get_by_label("Votre adresse e-mail").fill("adele@example.org")
    page.get_by_role("button", name="Réserver").click()
    page.reload()
    expect(page.get_by_role("heading", name="Cet album vous attend")).to_be_visible()
    page.get_by_role("navigation", name="Boutique").get_by_role("link", name="Mes réservations").click()
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_text("La réservation est annulée.")).to_be_visible()
    expect(page.get_by_text("Aucune réservation")).to_be_visible()


def test_login_leads_back_to_the_page_it_was_asked_on(page, site):
    page.goto("/motos/moto/40")
    page.get_by_role("link", name="Se connecter").click()
    page.get_by_label("Nom d’utilisateur").fill(site.user)
    page.get_by_label("Mot de passe").fill(site.password)
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url("**/motos/moto/40")
    expect(page.get_by_role("link", name="Mes réservations")).to_be_visible()
    expect(page.get_by_role("link", name=site.user)).to_be_visible()
