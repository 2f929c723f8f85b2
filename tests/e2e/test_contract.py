"""The API does what its description says, and refuses the rest: schemathesis, with all its checks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# They would take away what the other operations are tried on: tests/website/motos has them.
LEFT_OUT = ("deleteMotorcycle", "deletePicture", "logOut")


@pytest.fixture
def staff(context, page, site):
    """The cookies of somebody of staff."""
    page.goto("/motos/")

    def token() -> str:
        return next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "csrftoken")

    credentials = {"username": site.user, "password": site.password}
    answer = page.request.post("/api/motos/session/", data=credentials, headers={"X-CSRFToken": token()})
    assert answer.ok, answer.text()
    return {cookie["name"]: cookie["value"] for cookie in context.cookies()}


def test_schemathesis_finds_nothing(page, site, staff, tmp_path):
    motorcycles = page.request.get("/api/motos/motorcycles/?page_size=100").json()["results"]
    moto = next(moto for moto in motorcycles if moto["picture"])
    (tmp_path / "schemathesis.toml").write_text(f'[auth.openapi.session]\napi_key = "{staff["sessionid"]}"\n')
    argv = [Path(sys.executable).with_name("schemathesis"), "run", f"{site.url}/schema/?format=json"]
    argv += ["--checks", "all", "--max-examples", "25", "--phases", "coverage,fuzzing", "--no-color"]
    argv += ["--header", f"X-CSRFToken: {staff['csrftoken']}"]
    argv += [part for name in LEFT_OUT for part in ("--exclude-operation-id", name)]
    done = subprocess.run(
        argv,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "contract_hooks",
            "PYTHONPATH": str(Path(__file__).parent),
            "CONTRACT_CSRF": staff["csrftoken"],
            "CONTRACT_MOTORCYCLE": str(moto["id"]),
            "CONTRACT_MODEL": str(moto["model"]["id"]),
            "CONTRACT_PICTURE": str(moto["picture"]["id"]),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
