"""Motos, as people meet it."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

MOBILE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "color_scheme": "dark"}


def assert_accessible(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def log_in(page: Page, site) -> None:
    page.goto("/motos/staff/login")
    page.get_by_label("Nom d’utilisateur").fill(site.user)
    page.get_by_label("Mot de passe").fill(site.password)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("link", name="Ajouter une moto")).to_be_visible()


def test_a_visitor_filters_opens_and_enquires(page, screenshot):
    page.goto("/motos/")
    motorcycles = page.locator("motos-card")
    expect(motorcycles.first).to_be_visible()
    screenshot(page, "motos")
    page.get_by_label("Marque", exact=True).select_option("Nordvik")
    expect(page).to_have_url(re.compile("brand=nordvik"))
    expect(motorcycles.first.get_by_role("heading")).to_contain_text("Nordvik")
    assert all("Nordvik" in title for title in page.locator("motos-card h2").all_inner_texts())
    page.get_by_label("Trier par").select_option("Prix croissant")
    expect(page).to_have_url(re.compile("ordering=price_cents"))
    # The address is what is shown: shared or reloaded, it shows the same.
    page.reload()
    expect(page.get_by_label("Marque", exact=True)).to_have_value("nordvik")
    expect(motorcycles.first).to_be_visible()
    title = motorcycles.first.get_by_role("heading").inner_text()
    motorcycles.first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.get_by_label("Votre nom").fill("Adèle Mornand")
    page.get_by_label("Votre adresse e-mail").fill("adele@example")
    page.get_by_label("Votre message").fill("Est-elle visible samedi ?")
    page.get_by_role("button", name="Envoyer").click()
    # What the browser lets pass and the API does not is said beside the field.
    expect(page.locator("#email-error")).to_be_visible()
    expect(page.get_by_label("Votre nom")).to_have_value("Adèle Mornand")
    page.get_by_label("Votre adresse e-mail").fill("adele@example.org")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_text("Votre message est arrivé")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile("brand=nordvik"))


def test_staff_add_a_motorcycle_with_a_picture(page, site, picture, screenshot):
    page.goto("/motos/staff/new")
    expect(page).to_have_url(re.compile("/motos/staff/login"))
    page.get_by_label("Nom d’utilisateur").fill(site.user)
    page.get_by_label("Mot de passe").fill("pas celui-ci")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("alert")).to_contain_text("ne vont pas ensemble")
    page.get_by_label("Mot de passe").fill(site.password)
    page.get_by_role("button", name="Se connecter").click()
    page.get_by_label("Modèle").select_option("Peregrine 900")
    for label, value in {
        "Année": "2024",
        "Prix": "12345.50",
        "Kilométrage en km": "1200",
        "Cylindrée en cm³ (0 : électrique)": "899",
        "Puissance en kW": "88",
        "Couleur": "vert forêt",
        "Description": "Comme neuve.",
    }.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("La moto est en ligne")).to_be_visible()
    page.get_by_label("Image (JPEG").set_input_files(picture)
    page.get_by_label("Ce que l’image montre").fill("La moto devant l'atelier")
    page.get_by_role("button", name="Ajouter la photo").click()
    expect(page.get_by_text("Photo ajoutée")).to_be_visible()
    screenshot(page, "motos-staff", full_page=True)
    page.get_by_role("link", name="Voir l’annonce").click()
    # The page that is left shows a small one of the same name.
    shown = page.get_by_role("figure").get_by_role("img", name="La moto devant l'atelier")
    expect(shown).to_have_js_property("naturalWidth", 1200)
    expect(page.get_by_text(re.compile(r"12.345,50.€"))).to_be_visible()
    page.get_by_role("link", name="Modifier").click()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Supprimer la moto").click()
    expect(page).to_have_url(re.compile("/motos/$"))
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("link", name="Espace vendeur")).to_be_visible()


def test_editor_leads_to_the_field_that_is_wrong(page, site):
    log_in(page, site)
    page.goto("/motos/staff/edit/40")
    page.get_by_label("Année").fill("1500")
    # What the browser would refuse itself, the API refuses too.
    page.locator("form.editor").evaluate("form => { form.noValidate = true }")
    page.get_by_role("button", name="Enregistrer").click()
    year = page.get_by_label("Année")
    expect(year).to_be_focused()
    expect(year).to_have_attribute("aria-invalid", "true")
    expect(year).to_have_accessible_description(re.compile("1885"))
    expect(page.get_by_label("Modèle")).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("context", [{"java_script_enabled": False}], indirect=True)
def test_motorcycle_is_shown_and_asked_about_without_a_script(page):
    page.goto("/motos/")
    page.wait_for_url("**/motos/plain/")
    page.get_by_role("link", name="Gannet").first.click()
    page.get_by_label("Votre nom").fill("Bruno")
    page.get_by_label("Votre adresse e-mail").fill("bruno@example.org")
    page.get_by_label("Votre message").fill("Bonjour")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_text("Votre message est arrivé")).to_be_visible()
    page.goto("/motos/moto/40")
    page.wait_for_url("**/motos/plain/40/")


def test_prices_are_compared_in_one_currency(page):
    page.goto("/motos/?price_max=5000")
    expect(page.get_by_label("Monnaie")).to_have_value("EUR")
    expect(page.locator("motos-card").first).to_be_visible()
    assert all("€" in price for price in page.locator("motos-card .price").all_inner_texts())
    page.get_by_label("Monnaie").select_option("CHF")
    expect(page.locator("motos-card .price").first).to_contain_text("CHF")


def test_page_of_an_error_can_be_left(page):
    page.route("**/api/motos/motorcycles/40/", lambda route: route.fulfill(status=500, body="{}"))
    page.goto("/motos/moto/40")
    page.get_by_role("alert").get_by_role("link", name="Toutes les motos").click()
    expect(page.locator("motos-card").first).to_be_visible()


@pytest.mark.parametrize("context", [{"viewport": {"width": 768, "height": 1024}}], indirect=True)
def test_filters_show_their_words_whole(page):
    page.goto("/motos/")
    expect(page.locator("motos-card").first).to_be_visible()
    # A select as wide as its words, but for what is cut off.
    cut = page.locator("select").evaluate_all("""selects => selects.filter((select) => {
          const whole = select.cloneNode(true);
          whole.style.cssText = "width: auto; position: absolute; visibility: hidden";
          whole.removeAttribute("id");
          select.after(whole);
          const cut = whole.offsetWidth > select.offsetWidth;
          whole.remove();
          return cut;
        }).map((select) => select.id)""")
    assert cut == []


def test_a_file_that_is_no_picture_is_refused_beside_its_field(page, site, tmp_path):
    log_in(page, site)
    page.goto("/motos/staff/edit/1")
    fake = tmp_path / "photo.jpg"
    fake.write_text("<script>alert(1)</script>")
    page.get_by_label("Image (JPEG").set_input_files(fake)
    page.get_by_label("Ce que l’image montre").fill("Rien")
    page.get_by_role("button", name="Ajouter la photo").click()
    expect(page.locator("#image-error")).to_contain_text("pas une image")


def test_keyboard_is_enough_to_find_and_ask_about_a_motorcycle(page):
    page.goto("/motos/")
    expect(page.locator("motos-card").first).to_be_visible()

    def tab_to(description: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches(arguments)".replace("arguments", repr(description))):
                return
        raise AssertionError(f"Tab does not come to {description}")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to("#text")
    page.keyboard.type("gannet")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("text=gannet"))
    expect(page.locator("motos-card").first).to_contain_text("Gannet")
    tab_to("motos-card a")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Gannet")
    tab_to("#name")
    page.keyboard.type("Bruno")
    page.keyboard.press("Tab")
    page.keyboard.type("bruno@example.org")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("Bonjour")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Votre message est arrivé")).to_be_visible()


@pytest.mark.parametrize("context", [MOBILE], indirect=True)
def test_pages_on_a_telephone_are_no_wider_than_its_screen(page, screenshot):
    for address in ("/motos/", "/motos/moto/40", "/motos/staff/login"):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    page.goto("/motos/")
    expect(page.get_by_label("Prix minimum")).not_to_be_visible()
    page.get_by_role("button", name="Plus de critères").click()
    expect(page.get_by_label("Prix minimum")).to_be_visible()
    page.get_by_role("button", name="Plus de critères").click()
    screenshot(page, "motos-telephone")


@pytest.mark.parametrize(
    "context", [{}, {"color_scheme": "dark"}, MOBILE], ids=["light", "dark", "telephone"], indirect=True
)
def test_pages_have_no_accessibility_violation(page, site):
    for address, ready in {
        "/motos/": "motos-card",
        "/motos/?text=nothing+like+this": ".empty",
        "/motos/moto/40": "motos-enquiry",
        "/motos/moto/0": "h1",
        "/motos/nowhere": "h1",
        "/motos/staff/login": "#password",
    }.items():
        page.goto(address)
        expect(page.locator(ready).first).to_be_visible()
        assert_accessible(page)
    log_in(page, site)
    page.goto("/motos/staff/edit/40")
    expect(page.locator(".picture-list img").first).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("context", [{"locale": "en-GB"}], indirect=True)
def test_language_is_the_browsers_until_another_is_chosen(page, screenshot):
    page.goto("/motos/moto/40")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_text(re.compile("^€7,970$"))).to_be_visible()
    screenshot(page, "motos-detail", full_page=True)
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_role("button", name="Envoyer")).to_be_visible()
    expect(page.get_by_text(re.compile("^7.970.€$"))).to_be_visible()
    page.goto("/store/")
    expect(page.locator("html")).to_have_attribute("lang", "fr")


def test_text_written_by_a_stranger_is_shown_and_never_run(page, site, csrf):
    log_in(page, site)
    said = "&lt;img src=x onerror=alert(1)&gt; {{constructor.constructor('alert(1)')()}} javascript:alert(1)"
    answer = page.request.patch("/api/motos/motorcycles/40/", data={"description": said}, headers=csrf())
    assert answer.ok, answer.text()
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto("/motos/moto/40")
    expect(page.locator(".description")).to_have_text(said)


@pytest.mark.parametrize(("address", "shown"), [("/swagger/", ".opblock-summary"), ("/redoc/", "h2")])
def test_api_description_pages_load_nothing_from_elsewhere(page, site, address, shown):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    expect(page.locator(shown).first).to_be_visible()
    assert [url for url in asked if not url.startswith((site.url, "data:", f"blob:{site.url}"))] == []


def test_hashed_files_are_cached_for_ever_but_not_the_page(page, site):
    answers = {}
    page.on("response", lambda response: answers.update({response.url.removeprefix(site.url): response}))
    page.goto("/motos/")
    expect(page.locator("motos-card").first).to_be_visible()
    assert "no-cache" in answers["/motos/"].headers["cache-control"]
    named = [answer for path, answer in answers.items() if path.startswith("/static/motos/client/")]
    assert len(named) >= 4
    for answer in named:
        assert "immutable" in answer.headers["cache-control"], answer.url
        if int(answer.headers.get("content-length", 10_000)) > 1500:
            assert answer.headers.get("content-encoding") == "gzip", answer.url


def test_the_admin_has_its_style_and_shows_the_pictures(page, site):
    page.goto("/admin/motos/motorcycle/")
    page.locator("#id_username").fill(site.user)
    page.locator("#id_password").fill(site.password)
    page.locator("[type=submit]").click()
    preview = page.locator("#result_list img").first
    expect(preview).to_have_js_property("naturalWidth", 640)
    assert page.locator("#header").evaluate("header => getComputedStyle(header).backgroundColor") != "rgba(0, 0, 0, 0)"
