import pytest
from django.contrib.auth.models import User

from website.motos.models import Motorcycle

NEW = {
    "year": 2019,
    "price_cents": 640_000,
    "mileage_km": 21_000,
    "engine_cc": 649,
    "power_kw": 50,
    "colour": "vert mousse",
}


@pytest.fixture
def model(make_motorcycle):
    return make_motorcycle().model


def test_staff_create_change_and_delete_a_motorcycle(staff, model):
    made = staff.post("motorcycles/", {**NEW, "model": model.pk})
    assert made.status_code == 201
    path = made["Location"].removeprefix("/api/motos/")
    assert staff.get(path).json() == made.json()
    assert made.json()["status"] == "available"
    assert made.json()["currency"] == "EUR"
    changed = staff.send("PATCH", path, {"status": "sold", "price_cents": 600_000})
    assert changed.status_code == 200
    assert (changed.json()["status"], changed.json()["price_cents"], changed.json()["year"]) == ("sold", 600_000, 2019)
    replaced = staff.send("PUT", path, {**NEW, "model": model.pk, "colour": "noir"})
    assert (replaced.json()["colour"], replaced.json()["status"]) == ("noir", "available")
    assert staff.send("DELETE", path).status_code == 204
    assert staff.get(path).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", 10**6),
        ("model", "1"),
        ("model", True),
        ("model", None),
        ("year", "2019"),
        ("year", 1884),
        ("year", 2019.5),
        ("price_cents", 0),
        ("price_cents", 10**12),
        ("price_cents", [1]),
        ("mileage_km", -1),
        ("colour", ""),
        ("colour", "   "),
        ("colour", 7),
        ("colour", "x" * 51),
        ("colour", "a\x00b"),
        ("description", "<script>alert(1)</script>"),
        ("description", "<img src=x onerror=alert(1)>"),
        ("status", "stolen"),
        ("currency", "XXX"),
    ],
)
def test_wrong_value_is_refused_with_its_place(staff, model, field, value):
    response = staff.post("motorcycles/", {**NEW, "model": model.pk, field: value})
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert {error["pointer"] for error in response.json()["errors"]} == {f"/{field}"}
    assert Motorcycle.objects.count() == 1


def test_text_is_kept_as_it_is_written(staff, model):
    said = "Moins de 5000 km & négociable : « l'affaire » du siècle 🏍"
    made = staff.post("motorcycles/", {**NEW, "model": model.pk, "description": said})
    assert made.json()["description"] == said


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[" * 100_000, 400),
        ('{"year": NaN}', 400),
        (b"\xff\xfe", 400),
        ("[]", 400),
        ('"text"', 400),
        ("x" * (1024 * 1024 + 1), 413),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(staff, model, body, status):
    response = staff.post("motorcycles/", body)
    assert response.status_code == status
    assert response.json()["status"] == status
    assert Motorcycle.objects.count() == 1


def test_a_body_of_another_type_is_refused(staff, model):
    token = staff.client.cookies["csrftoken"].value
    form = staff.client.post("/api/motos/motorcycles/", {**NEW, "model": model.pk}, headers={"X-CSRFToken": token})
    assert form.status_code == 415
    assert staff.get("motorcycles/", Accept="text/csv").status_code == 406


def test_visitors_and_customers_write_nothing(visitor, make_motorcycle):
    moto = make_motorcycle()
    customer = User.objects.create_user("client", password="un mot de passe")
    for _ in range(2):
        for method, path in [
            ("POST", "motorcycles/"),
            ("PUT", f"motorcycles/{moto.pk}/"),
            ("PATCH", f"motorcycles/{moto.pk}/"),
            ("DELETE", f"motorcycles/{moto.pk}/"),
            ("POST", f"motorcycles/{moto.pk}/pictures/"),
            ("PATCH", "pictures/1/"),
            ("DELETE", "pictures/1/"),
        ]:
            response = visitor.send(method, path, {**NEW, "model": moto.model.pk})
            assert response.status_code == 403, (method, path)
            assert response["Content-Type"] == "application/problem+json"
        visitor.log_in(customer)
    assert Motorcycle.objects.get() == moto


def test_a_request_from_another_site_changes_nothing(staff, visitor, make_motorcycle):
    moto = make_motorcycle()
    enquiry = {"name": "A", "email": "a@example.org", "message": "?"}
    for api, method, path, body in [
        (staff, "DELETE", f"motorcycles/{moto.pk}/", None),
        (visitor, "POST", f"motorcycles/{moto.pk}/enquiries/", enquiry),
        (visitor, "POST", "session/", {"username": "vendeuse", "password": "un mot de passe"}),
        (staff, "DELETE", "session/", None),
    ]:
        assert api.send(method, path, body, csrf=False).status_code == 403
        foreign = api.send(method, path, body, Origin="https://elsewhere.example")
        assert foreign.status_code == 403
        assert "CSRF" in foreign.json()["detail"]
    assert Motorcycle.objects.exists()
    assert moto.enquiries.count() == 0
    assert visitor.get("session/").json()["username"] is None
    assert staff.get("session/").json()["is_staff"]


def test_missing_object_is_a_problem_document(visitor):
    for path in ("motorcycles/1/", f"motorcycles/{10**30}/", "motorcycles/one/", "nothing/"):
        response = visitor.get(path)
        assert response.status_code == 404, path
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["request_id"] == response["X-Request-ID"]
    assert visitor.send("DELETE", "motorcycles/").status_code in (403, 405)


def test_staff_log_in_and_out(visitor):
    User.objects.create_user("vendeuse", password="un mot de passe", is_staff=True)
    assert visitor.get("session/").json() == {"username": None, "is_staff": False}
    wrong = visitor.post("session/", {"username": "vendeuse", "password": "un autre"})
    assert wrong.status_code == 403
    assert wrong.json()["detail"] == "Ce nom et ce mot de passe ne vont pas ensemble."
    right = visitor.post("session/", {"username": "vendeuse", "password": "un mot de passe"})
    assert right.json() == {"username": "vendeuse", "is_staff": True}
    assert visitor.get("session/").json()["is_staff"]
    assert visitor.send("DELETE", "session/").status_code == 204
    assert not visitor.get("session/").json()["is_staff"]


def test_login_attempts_are_limited(visitor):
    answers = [visitor.post("session/", {"username": "chef", "password": str(n)}) for n in range(11)]
    assert [answer.status_code for answer in answers] == [403] * 10 + [429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60


def test_errors_are_reported_in_the_language_of_the_request(visitor, db):
    english = visitor.get("motorcycles/", {"page_size": 1000}, **{"Accept-Language": "en"}).json()
    french = visitor.get("motorcycles/", {"page_size": 1000}, **{"Accept-Language": "fr"}).json()
    assert english["detail"] == "Ensure this value is less than or equal to 100."
    assert french["detail"] == "Assurez-vous que cette valeur est inférieure ou égale à 100."
