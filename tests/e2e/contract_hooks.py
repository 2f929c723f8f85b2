"""Hooks for schemathesis: existing keys, real pictures, and sessions that must not end."""

import io
import os
from datetime import date, timedelta
from pathlib import Path

import requests
import schemathesis
import urllib3
from hypothesis import strategies as st
from PIL import Image

SITE = os.environ["CONTRACT_SITE"]
KEYS = {
    "/api/motos/motorcycles/": int(os.environ["CONTRACT_MOTORCYCLE"]),
    "/api/motos/pictures/": int(os.environ["CONTRACT_PICTURE"]),
    "/api/weather/places/": int(os.environ["CONTRACT_PLACE"]),
}
MODEL = int(os.environ["CONTRACT_MODEL"])
DELETED = Path("deleted")
"""A line for each answer to a DELETE: the operation and the status. The test reads it."""

# The certificate is of this run.
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
staff = requests.Session()
staff.verify, staff.trust_env = False, False
staff.cookies.update({"csrftoken": os.environ["CONTRACT_CSRF"], "sessionid": os.environ["CONTRACT_SESSION"]})
staff.headers.update({"X-CSRFToken": os.environ["CONTRACT_CSRF"], "Referer": f"{SITE}/"})


def _photo() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (80, 80), "teal").save(buffer, "PNG")
    return buffer.getvalue()


PHOTO = _photo()
# Files that are sent: half of them are a picture.
schemathesis.openapi.format("binary", st.just(PHOTO) | st.binary())


def _new_motorcycle() -> int:
    numbers = {"year": 2020, "price_cents": 100, "mileage_km": 1, "engine_cc": 1, "power_kw": 1}
    answer = staff.post(f"{SITE}/api/motos/motorcycles/", json={"model": MODEL, "colour": "vert", **numbers})
    answer.raise_for_status()
    return answer.json()["id"]


def _new_picture() -> int:
    address = f"{SITE}/api/motos/motorcycles/{_new_motorcycle()}/pictures/"
    answer = staff.post(address, files={"image": PHOTO}, data={"alternative_text": "À effacer"})
    answer.raise_for_status()
    return answer.json()["id"]


# A day that every place has had: which of two comes first, and how far apart they may be, no description says.
YESTERDAY = str(date.today() - timedelta(days=1))


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and str(date.fromisoformat(value)) == value
    except ValueError:
        return False


# Made to be deleted: the other operations are tried on what stays.
DOOMED = {"deleteMotorcycle": _new_motorcycle, "deletePicture": _new_picture}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Half of the keys are of something that exists, so that more than "not found" is tried."""
    operation = case.operation.definition.raw["operationId"]
    key = (case.path_parameters or {}).get("id")
    if isinstance(key, int) and key % 2 == 0:
        existing = [known for path, known in KEYS.items() if case.operation.path.startswith(path)]
        if operation in DOOMED:
            case.path_parameters["id"] = DOOMED[operation]()
        # A place cannot be made again: where it would come from is not reached.
        elif existing and operation != "deletePlace":
            case.path_parameters["id"] = existing[0]
    if operation == "getHistory":
        case.query = {name: YESTERDAY if _is_day(value) else value for name, value in (case.query or {}).items()}
    if isinstance(case.body, dict):
        if type(case.body.get("model")) is int:
            case.body["model"] = MODEL
    # The session is schemathesis's to give, or to leave out and see what happens; without this cookie all is refused.
    case.cookies = {**(case.cookies or {}), "csrftoken": os.environ["CONTRACT_CSRF"]}
    if operation == "logOut":
        # Another one: the other operations need theirs. The second time it is a session that has ended.
        case.cookies["sessionid"] = os.environ["CONTRACT_SESSION_TO_END"]


@schemathesis.hook
def after_call(context, case, response):
    if case.method.upper() == "DELETE":
        with DELETED.open("a", encoding="utf-8") as file:
            file.write(f"{case.operation.definition.raw['operationId']} {response.status_code}\n")


@schemathesis.hook
def filter_query(context, query):
    """Servers before the API refuse longer addresses on their own (414)."""
    return len(str(query)) < 1500
