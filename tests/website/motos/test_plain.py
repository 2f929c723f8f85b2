"""The motorcycles without JavaScript."""

from website.motos.models import Enquiry

ENQUIRY = {"name": "Adèle", "email": "adele@example.org", "phone": "", "message": "Est-elle visible samedi ?"}


def test_plain_list_finds_what_is_for_sale(client, make_motorcycle):
    make_motorcycle("Nordvik Fjell", price_cents=1_234_500)
    make_motorcycle("Kestrel Gannet", status="sold")
    text = client.get("/motos/plain/").text
    assert "Nordvik Fjell" in text and "12\u00a0345\u00a0€" in text and "Gannet" not in text
    assert '<p class="hint">1 moto</p>' in text and "<script" not in text
    assert "Nordvik Fjell" in client.get("/motos/plain/?text=fjell").text
    assert "Aucune moto" in client.get("/motos/plain/?text=gannet").text
    assert client.get("/motos/plain/?cursor=%%%").url == "/motos/plain/"


def test_plain_list_has_parts(client, make_motorcycle):
    for _ in range(25):
        make_motorcycle()
    text = client.get("/motos/plain/").text
    assert "25 motos" in text and "Suivantes" in text and "Précédentes" not in text


def test_plain_page_takes_an_enquiry(client, make_motorcycle):
    address = f"/motos/plain/{make_motorcycle().pk}/"
    refused = client.post(address, {**ENQUIRY, "message": "<b>", "email": "adele"}).text
    assert refused.count('aria-invalid="true"') == 1 and not Enquiry.objects.exists()
    assert 'aria-invalid="true"' in client.post(address, {**ENQUIRY, "message": "<b>"}).text
    assert "Votre message est arrivé" in client.post(address, ENQUIRY, follow=True).text
    assert Enquiry.objects.get().email == "adele@example.org"


def test_sold_motorcycle_takes_no_enquiry(client, make_motorcycle):
    address = f"/motos/plain/{make_motorcycle(status='sold').pk}/"
    assert "Cette moto est vendue" in client.post(address, ENQUIRY).text
    assert not Enquiry.objects.exists()
    assert client.get("/motos/plain/999/").status_code == 404


def test_list_counts_what_all_its_parts_hold(client, make_motorcycle, monkeypatch):
    for year in (1990, 1991, 2020):
        make_motorcycle(year=year)

    def count(**query: int) -> int | None:
        return client.get("/api/motos/motorcycles/", query).json()["count"]

    assert (count(page_size=1), count(year_max=1995)) == (3, 2)
    monkeypatch.setattr("website.motos.listing.MOST_COUNTED", 2)
    assert count() is None
