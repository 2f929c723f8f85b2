"""The Compose files: read by the programs that run them, and run."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import ssl
import subprocess
import time
import urllib.request
from functools import partial

import pytest

from testbed.containers import TOP, answers, await_, docker, free_port

pytestmark = pytest.mark.engine

LIVE = {
    "ECLUSE_IMAGE": "registry.example/website@sha256:" + "0" * 64,
    "ECLUSE_FRONT_IMAGE": "registry.example/website-front@sha256:" + "0" * 64,
    "ECLUSE_RELEASE": "r1",
    "DJANGO_ALLOWED_HOSTS": "shop.test",
}


@pytest.fixture(scope="module")
def secrets_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live") / "secrets"
    subprocess.run([TOP / "ops" / "secrets", folder], check=True, capture_output=True)
    return folder


def compose(*arguments, env=None, cwd=TOP, check=True):
    done = subprocess.run(
        ["env", *(f"{name}={value}" for name, value in (env or {}).items()), "docker", *arguments],
        cwd=cwd, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def configuration(file, *options, env=None):
    done = compose("compose", *options, "--file", file, "config", "--format", "json", env=env)
    assert "warn" not in done.stderr.lower(), done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def files(engine, secrets_folder):
    return {
        "docker-compose.yml": configuration("docker-compose.yml", "--env-file", ".env.example"),
        "docker-compose.ci.yml": configuration("docker-compose.ci.yml"),
        "docker-compose.live.yml": configuration(
            "docker-compose.live.yml", env={**LIVE, "ECLUSE_SECRETS": str(secrets_folder)}
        ),
    }


def test_every_service_has_a_health_check_or_ends_by_itself(files):
    # What is built here has its HEALTHCHECK in the image.
    ours = re.compile(r"website(-front)?(:|@)")
    for file, content in files.items():
        for name, service in content["services"].items():
            looked_after = "healthcheck" in service or ours.search(service["image"])
            assert looked_after or name in {"tests", "mail"}, f"{file}: {name}"


def test_compose_files_hold_no_secret():
    for file in ("docker-compose.yml", "docker-compose.ci.yml", "docker-compose.live.yml"):
        for line in (TOP / file).read_text().splitlines():
            found = re.match(r" *\w*(PASSWORD|PASS|SECRET_KEY|TOKEN): *(.+)", line)
            assert not found or found[2].startswith("${"), f"{file}: {line}"
            # The account that RabbitMQ has where nobody made one.
            account = re.search(r"://(\S+?)@", line.replace("guest:guest", ""))
            assert not account or account[1] == "website" or account[1].startswith("${"), f"{file}: {line}"


def test_live_stack_without_its_variables_does_not_start(engine):
    done = compose("compose", "--file", "docker-compose.live.yml", "config", "--quiet", check=False)
    assert done.returncode != 0
    assert "required variable" in done.stderr


def test_production_and_development_share_no_data_and_no_port(files):
    development, live = files["docker-compose.yml"], files["docker-compose.live.yml"]
    assert not {one["name"] for one in development["volumes"].values()} & {
        one["name"] for one in live["volumes"].values()
    }
    ports = [
        {str(port["published"]) for service in content["services"].values() for port in service.get("ports", ())}
        for content in (development, live)
    ]
    assert not ports[0] & ports[1]


def test_live_stack_file_is_accepted_by_a_swarm(engine, secrets_folder):
    done = compose(
        *("stack", "config", "--compose-file", "docker-compose.live.yml"),
        env={**LIVE, "ECLUSE_SECRETS": str(secrets_folder)},
    )
    assert "unsupported" not in done.stderr.lower()
    web = done.stdout.partition("\n  web:")[2].partition("\n  worker:")[0]
    assert "endpoint_mode: dnsrr" in web
    assert f"image: {LIVE['ECLUSE_IMAGE']}" in web
    assert "order: start-first" in web
    beat = done.stdout.partition("\n  beat:")[2].partition("\n  db:")[0]
    assert "order: stop-first" in beat


def test_secrets_script_never_overwrites_a_secret(secrets_folder):
    before = {path.name: path.read_text() for path in secrets_folder.iterdir()}
    subprocess.run([TOP / "ops" / "secrets", secrets_folder], check=True, capture_output=True)
    assert {path.name: path.read_text() for path in secrets_folder.iterdir()} == before
    assert secrets_folder.stat().st_mode & 0o077 == 0
    assert all(text.strip() for text in before.values()), "a swarm takes no empty secret"


def test_images_pass_their_outside_test(built, ecluse):
    done = ecluse("image", "test", check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert re.search(r"\d+ passed", done.stdout)
    left = docker("ps", "--all", "--format", "{{.Names}}").stdout + docker("volume", "ls", "--quiet").stdout
    assert "ecluse-image-" not in left


@pytest.fixture
def development(built, clone):
    """The site as docker-compose.yml runs it, in a clone: the folder, the address, and `docker compose` there."""
    folder = clone("022")
    port = free_port()
    shutil.copy(folder / ".env.example", folder / ".env")
    env = {
        "APP_PORT": str(port),
        "POSTGRES_PORT": str(free_port()),
        "RABBITMQ_PORT": str(free_port()),
        "COMPOSE_PROJECT_NAME": f"dev-{secrets.token_hex(4)}",
    }
    docker("tag", "website:under-test", "website:dev")
    try:
        compose("compose", "up", "--detach", "--no-build", "app", env=env, cwd=folder)
        address = f"http://127.0.0.1:{port}/"
        await_(lambda: answers(address)[0] == 200, "the site answers", 60)
        yield folder, address, partial(compose, "compose", env=env, cwd=folder)
    finally:
        compose("compose", "down", "--volumes", "--timeout", "5", env=env, cwd=folder)


def test_development_stack_reloads_changed_code(development):
    folder, address, in_development = development
    page = folder / "src" / "website" / "views.py"
    page.write_text(page.read_text() + "\n\ndef home(request):\n    return HttpResponse('changed')\n")
    saved = time.monotonic()

    def seen():
        nonlocal saved
        # Saved again now and then: Django's reloader does not miss what it had not looked at yet, when the site was
        # already answering.
        if time.monotonic() > saved + 8:
            page.touch()
            saved = time.monotonic()
        return answers(address) == (200, "changed")

    await_(seen, "the change is seen", 60)
    status = in_development("exec", "-T", "db", "psql", "-U", "website", "-Atc", "SHOW timezone")
    assert status.stdout.strip() == "UTC"


@pytest.mark.exhaustive
def test_live_stack_runs_beside_development(development, certificate, tmp_path):
    _, address, in_development = development
    folder = tmp_path / "secrets"
    subprocess.run([TOP / "ops" / "secrets", folder], check=True, capture_output=True)
    for name in ("tls_certificate", "tls_key"):
        (folder / name).chmod(0o644)
        shutil.copy(certificate / name, folder / name)
    https = free_port()
    name = f"live-{secrets.token_hex(4)}"
    env = {
        **LIVE,
        "COMPOSE_PROJECT_NAME": name,
        "DJANGO_SUPERUSER_EMAIL": "staff@shop.test",
        "DJANGO_SUPERUSER_USERNAME": "staff",
        "ECLUSE_FRONT_IMAGE": "website-front:under-test",
        "ECLUSE_IMAGE": "website:under-test",
        "ECLUSE_SECRETS": str(folder),
        "ECLUSE_STACK": name,
        "HTTPS_PORT": str(https),
        "HTTP_PORT": str(free_port()),
    }
    live = partial(compose, "compose", "--file", "docker-compose.live.yml", env=env)
    try:
        live("up", "--detach", "db", "rabbitmq")
        for once in ("migrate", "static", "superuser"):
            live("run", "--rm", once)
        live("up", "--detach", "--wait")
        trust = ssl.create_default_context(cafile=str(certificate / "tls_certificate"))
        request = urllib.request.Request(f"https://127.0.0.1:{https}/readiness/", headers={"Host": "shop.test"})
        with urllib.request.urlopen(request, context=trust, timeout=60) as response:
            assert json.load(response)["release"] == "r1"
        users = "from django.contrib.auth.models import User; print(*User.objects.values_list('username', flat=True))"
        assert "staff" in live("exec", "-T", "web", "python", "manage.py", "shell", "-c", users).stdout
        # The other one has gone on, with data of its own.
        assert answers(address)[0] == 200
        assert "staff" not in in_development("exec", "-T", "app", "python", "manage.py", "shell", "-c", users).stdout
    finally:
        live("down", "--volumes", "--timeout", "5", check=False)
