"""The media library, as people meet it."""

import base64

from playwright.sync_api import expect

# A drop as the browser tells a page of it: files cannot be dragged from a desk that is not there.
DROPPED = """
([name, type, content]) => {
  const transfer = new DataTransfer();
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  transfer.items.add(new File([bytes], name, { type }));
  return transfer;
}
"""


def test_dropped_picture_is_uploaded_and_shown(page, site, picture, screenshot):
    page.goto("/gallery/")
    page.get_by_role("link", name="Se connecter pour déposer").click()
    page.get_by_label("Nom d’utilisateur").fill(site.user)
    page.get_by_label("Mot de passe").fill(site.password)
    page.get_by_role("button", name="Se connecter").click()
    page.get_by_label("Titre").fill("Le quai au matin")
    page.get_by_label("Mots-clés").fill("quai, brume")

    content = base64.b64encode(picture.read_bytes()).decode()
    files = page.evaluate_handle(DROPPED, ["quai.png", "image/png", content])
    page.locator(".drop").dispatch_event("drop", {"dataTransfer": files})
    # A drop is a choice, as with the picker: the title can still be written.
    expect(page.locator(".queue li")).to_have_count(0)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator(".queue .done")).to_have_text("enregistré")

    media = page.locator("#gallery .media").first
    expect(media).to_contain_text("Le quai au matin")
    shown = media.locator("img")
    shown.scroll_into_view_if_needed()
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=shown.element_handle())
    screenshot(page, "gallery")
    media.get_by_role("link", name="brume").click()
    expect(page.get_by_role("heading", name="Avec le mot-clé « brume »")).to_be_visible()
    expect(page.locator("#gallery .media")).to_have_count(1)
