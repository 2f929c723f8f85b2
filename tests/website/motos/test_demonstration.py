from website.motos import demonstration, drawings
from website.motos.demonstration import load
from website.motos.models import Motorcycle


def test_demonstration_loads_40_motorcycles_with_pictures_once(db, visitor, media, monkeypatch):
    monkeypatch.setattr(demonstration, "WITH_ALL_VIEWS", 1)
    monkeypatch.setattr(drawings, "OVERSAMPLING", 1)  # hard edges will do, and are drawn in a third of the time
    assert load() == 40
    assert load() == 0
    found = visitor.get("motorcycles/", {"page_size": 100}).json()["results"]
    assert len(found) == 40
    for moto in found:
        assert (media / moto["picture"]["thumbnail"].removeprefix("/media/")).is_file()
        assert moto["picture"]["alternative_text"]
    # A fixture is loaded as it is: what its motorcycles are found by must be right in it.
    for motorcycle in Motorcycle.objects.select_related("model__brand"):
        assert motorcycle.search == motorcycle.words()
