import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from website.api.pagination import Cursor
from website.motos.models import Motorcycle

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def names(response):
    assert response.status_code == 200, response.content
    return [moto["model"]["name"] for moto in response.json()["results"]]


@pytest.fixture
def garage(make_motorcycle):
    """Five, each newer than the one before."""
    details = [
        ("Kestrel Gannet", {"year": 1974, "price_cents": 700_000, "colour": "ivoire"}),
        ("Kestrel Peregrine", {"year": 2022, "price_cents": 1_150_000, "status": "sold"}),
        ("Nordvik Fjell", {"year": 2020, "price_cents": 980_000, "description": "Idéale pour l'Écosse"}),
        ("Tanuki Yuki", {"year": 2020, "price_cents": 240_000, "currency": "CHF"}),
        ("Tanuki Hayate", {"year": 2018, "price_cents": 520_000, "status": "reserved"}),
    ]
    return [
        make_motorcycle(name, created_at=NOON + timedelta(hours=hour), **fields)
        for hour, (name, fields) in enumerate(details)
    ]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ["Hayate", "Yuki", "Fjell", "Peregrine", "Gannet"]),
        ({"brand": "tanuki"}, ["Hayate", "Yuki"]),
        ({"brand": ["tanuki", "nordvik"]}, ["Hayate", "Yuki", "Fjell"]),
        ({"brand": "unknown"}, []),
        ({"status": "available"}, ["Yuki", "Fjell", "Gannet"]),
        ({"status": ["sold", "reserved"]}, ["Hayate", "Peregrine"]),
        ({"currency": "CHF"}, ["Yuki"]),
        ({"price_min": 700_000}, ["Fjell", "Peregrine", "Gannet"]),
        ({"price_min": 700_000, "price_max": 980_000}, ["Fjell", "Gannet"]),
        ({"year_min": 2020, "year_max": 2020}, ["Yuki", "Fjell"]),
        ({"year_min": 2020, "year_max": 2019}, []),
        ({"text": "gannet"}, ["Gannet"]),
        ({"text": "KESTREL ivoire"}, ["Gannet"]),
        ({"text": "ecosse"}, ["Fjell"]),
        ({"text": "ann"}, ["Gannet"]),
        # Two letters begin a word: the first one of all, or another.
        ({"text": "ke iv"}, ["Gannet"]),
        ({"text": "an"}, []),
        ({"text": "100% _"}, []),
        ({"ordering": "price_cents"}, ["Yuki", "Hayate", "Gannet", "Fjell", "Peregrine"]),
        ({"ordering": "-year"}, ["Peregrine", "Yuki", "Fjell", "Hayate", "Gannet"]),
        ({"ordering": "year", "brand": "tanuki", "status": "available"}, ["Yuki"]),
    ],
)
def test_the_list_is_filtered_and_ordered(visitor, garage, parameters, expected):
    assert names(visitor.get("motorcycles/", parameters)) == expected


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({"price_min": "cheap"}, {"price_min"}),
        ({"price_min": "-1", "year_max": "3000"}, {"price_min", "year_max"}),
        ({"price_max": "99999999999999999999999"}, {"price_max"}),
        ({"page_size": 101}, {"page_size"}),
        ({"page_size": 0}, {"page_size"}),
        ({"status": "stolen"}, {"status"}),
        ({"ordering": "password"}, {"ordering"}),
        ({"brand": "a b"}, {"brand"}),
        ({"brnad": "tanuki"}, {"brnad"}),
        ({"text": "x" * 101}, {"text"}),
        ({"text": "a\x00b"}, {"text"}),
        ({"year_min": ["2000", "2010"]}, {"year_min"}),
        ({"text": ""}, {"text"}),
        ({"cursor": "é"}, {"cursor"}),
    ],
)
def test_invalid_parameters_are_refused_and_named(visitor, garage, parameters, wrong):
    response = visitor.get("motorcycles/", parameters)
    assert response.status_code == 400
    assert {error["parameter"] for error in response.json()["errors"]} == wrong


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        base64.urlsafe_b64encode(b"[" * 99).decode(),
        str(Cursor("-created_at", "after", "yesterday", 1)),
        str(Cursor("-created_at", "after", "2026-06-01T12:00:00+00:00", 10**40)),
        str(Cursor("price_cents", "after", "5", 1)),
    ],
)
def test_invalid_cursor_is_a_404(visitor, garage, cursor):
    response = visitor.get("motorcycles/", {"cursor": cursor})
    if response.status_code != 200:
        assert response.status_code == 404
        assert response.json()["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize("ordering", ["-created_at", "created_at", "price_cents", "-year", "mileage_km"])
def test_pages_hold_each_motorcycle_once_in_both_directions(visitor, make_motorcycle, ordering):
    # Many of the same value: what a page counts on is the key.
    for number in range(11):
        make_motorcycle(year=2000 + number % 2, created_at=NOON + timedelta(hours=number // 4))
    pages, parameters = [], {"ordering": ordering, "page_size": 3}
    while True:
        page = visitor.get("motorcycles/", parameters).json()
        pages.append([moto["id"] for moto in page["results"]])
        if page["next"] is None:
            break
        parameters["cursor"] = page["next"]
    assert [len(page) for page in pages] == [3, 3, 3, 2]
    assert sorted(sum(pages, [])) == sorted(Motorcycle.objects.values_list("pk", flat=True))
    back = [pages[-1]]
    while page["previous"] is not None:
        page = visitor.get("motorcycles/", {**parameters, "cursor": page["previous"]}).json()
        back.append([moto["id"] for moto in page["results"]])
    assert back[::-1] == pages


def test_added_motorcycle_does_not_shift_later_pages(visitor, garage, make_motorcycle):
    first = visitor.get("motorcycles/", {"page_size": 2}).json()
    make_motorcycle("Sagitta Dardo")
    assert names(visitor.get("motorcycles/", {"page_size": 2, "cursor": first["next"]})) == ["Fjell", "Peregrine"]


def test_list_of_a_hundred_takes_no_more_queries_than_of_one(visitor, make_motorcycle, photo):
    from website.motos import pictures

    def queries(size):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert len(visitor.get("motorcycles/", {"page_size": size}).json()["results"]) == size
        return len(captured)

    rendition = pictures.prepare(photo())
    for number in range(10):
        pictures.add(make_motorcycle(f"Brand{number} Model"), rendition, "devant")
    assert queries(1) == queries(10) == 3


def test_an_answer_that_has_not_changed_is_not_sent_again(visitor, garage):
    for path in ("motorcycles/", f"motorcycles/{garage[0].pk}/", "brands/", "models/"):
        first = visitor.get(path)
        again = visitor.get(path, **{"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert "no-cache" in first["Cache-Control"]
    Motorcycle.objects.filter(pk=garage[0].pk).update(price_cents=1)
    path = f"motorcycles/{garage[0].pk}/"
    etag = visitor.get(path)["ETag"]
    Motorcycle.objects.filter(pk=garage[0].pk).update(price_cents=2)
    assert visitor.get(path, **{"If-None-Match": etag}).status_code == 200


def test_a_renamed_brand_or_model_is_found_by_its_new_name(visitor, garage):
    garage[0].model.brand.name = "Crécerelle"
    garage[0].model.brand.save()
    assert names(visitor.get("motorcycles/", {"text": "crecerelle"})) == ["Peregrine", "Gannet"]
    assert names(visitor.get("motorcycles/", {"text": "kestrel"})) == []
    garage[0].model.name = "Fou de Bassan"
    garage[0].model.save()
    assert names(visitor.get("motorcycles/", {"text": "bassan"})) == ["Fou de Bassan"]


def test_listed_motorcycle_has_the_documented_fields(visitor, garage):
    moto = visitor.get("motorcycles/", {"text": "gannet"}).json()["results"][0]
    assert json.loads(json.dumps(moto)) == {
        "id": garage[0].pk,
        "model": {
            "id": garage[0].model.pk,
            "name": "Gannet",
            "brand": {"id": garage[0].model.brand.pk, "name": "Kestrel", "slug": "kestrel"},
        },
        "year": 1974,
        "price_cents": 700_000,
        "currency": "EUR",
        "mileage_km": 10_000,
        "engine_cc": 500,
        "power_kw": 35,
        "colour": "ivoire",
        "status": "available",
        "picture": None,
        "created_at": "2026-06-01T14:00:00+02:00",
    }
