"""The API does what its description says, and refuses the rest: schemathesis, with all its checks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Whoever asks somebody else's server for weather may be told that it does not answer; the composed site reaches none.
# In a form all is text: a number where the description has a text is no mistake that a site could see.
CONFIGURATION = """
[auth.openapi.session]
api_key = "{session}"

[[operations]]
include-operation-id = ["addPlace", "searchPlaces"]
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]

[[operations]]
include-operation-id = "addPicture"
checks.negative_data_rejection.expected-statuses = ["2xx", "4xx"]
"""


@pytest.fixture
def log_in(page, site, csrf):
    """A function that logs somebody of staff in, in a session of its own, and returns the session's key."""

    def log_in():
        page.context.clear_cookies()
        page.goto("/motos/")
        credentials = {"username": site.user, "password": site.password}
        answer = page.request.post("/api/motos/session/", data=credentials, headers=csrf())
        assert answer.ok, answer.text()
        return next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "sessionid")

    return log_in


def test_apis_answer_as_their_schema_says(page, site, log_in, csrf, tmp_path):
    session_to_end, session = log_in(), log_in()
    # The oldest: before a site that has been here once, the newest are those of the last time.
    motorcycles = page.request.get("/api/motos/motorcycles/?page_size=100&ordering=created_at").json()["results"]
    moto = next(moto for moto in motorcycles if moto["picture"])
    # Not the first one, which is deleted among the first things that are tried.
    place = max(place["id"] for place in page.request.get("/api/weather/places/").json()["results"])
    headers = csrf()
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION.format(session=session))
    argv = [Path(sys.executable).with_name("schemathesis"), "run", f"{site.url}/schema/?format=json"]
    argv += ["--checks", "all", "--max-examples", "25", "--phases", "coverage,fuzzing", "--no-color"]
    argv += ["--tls-verify", "false"]
    # Of a form with a real file in it schemathesis takes every answer but a refusal for a mistake: its own tests have
    # it.
    argv += ["--exclude-operation-id", "upload"]
    argv += [part for name, value in headers.items() for part in ("--header", f"{name}: {value}")]
    done = subprocess.run(
        argv,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "contract_hooks",
            "PYTHONPATH": str(Path(__file__).parent),
            "CONTRACT_SITE": site.url,
            "CONTRACT_CSRF": headers["X-CSRFToken"],
            "CONTRACT_SESSION": session,
            "CONTRACT_SESSION_TO_END": session_to_end,
            "CONTRACT_MOTORCYCLE": str(moto["id"]),
            "CONTRACT_MODEL": str(moto["model"]["id"]),
            "CONTRACT_PICTURE": str(moto["picture"]["id"]),
            "CONTRACT_PLACE": str(place),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # What was made to be deleted was, and the session ended.
    deleted = set((tmp_path / "deleted").read_text().splitlines())
    assert {"deleteMotorcycle 204", "deletePicture 204", "logOut 204"} <= deleted
