import json

import pytest


@pytest.fixture
def schema(client, db):
    return json.loads(client.get("/schema/", headers={"Accept": "application/json"}).content)


def test_api_description_lists_the_problems_of_an_operation(schema):
    enquire = schema["paths"]["/api/motos/motorcycles/{id}/enquiries/"]["post"]
    assert {"201", "400", "403", "404", "413", "415", "429"} <= set(enquire["responses"])
    problem = enquire["responses"]["429"]["content"]["application/problem+json"]["schema"]
    assert problem == {"$ref": "#/components/schemas/Problem"}


def test_api_description_covers_only_api_addresses(schema):
    assert schema["paths"]
    assert all(path.startswith(("/api/", "/upload/", "/uploads/")) for path in schema["paths"])


def test_the_description_is_the_same_in_every_language(client, db):
    french, english = (client.get("/schema/", headers={"Accept-Language": code}).content for code in ("fr", "en"))
    assert french == english


@pytest.mark.parametrize("path", ["/swagger/", "/redoc/", "/problems/"])
def test_the_pages_for_people_load_nothing_from_elsewhere(client, db, path):
    page = client.get(path)
    assert page.status_code == 200
    assert "//" not in page.text.replace("http://www.w3.org/2000/svg", "")
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert "<script>" not in page.text


def test_api_description_names_logins_and_unknown_fields(schema):
    for path, method in (("/uploads/", "get"), ("/uploads/{id}/", "delete"), ("/upload/", "post")):
        assert "401" in schema["paths"][path][method]["responses"], path
    assert schema["components"]["schemas"]["EnquiryRequest"]["additionalProperties"] is False
    [first] = [
        parameter
        for parameter in schema["paths"]["/api/weather/places/{id}/history/"]["get"]["parameters"]
        if parameter["name"] == "first"
    ]
    assert "31 days" in first["description"]
