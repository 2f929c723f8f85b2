"""GitHub's run of a push to staging, and then of a tag: the site itself, served by swarms with TLS."""

from __future__ import annotations

import json
import os
import re
import secrets
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from ecluse.definition.model import Event
from ecluse.deploy.targets.swarm.connection import connect
from ecluse.deploy.targets.swarm.objects import Objects
from testbed.containers import TOP, docker, free_port
from testbed.swarm import remove
from tests.support.providers.act import act
from tests.support.providers.repositories import image_alone

pytestmark = [pytest.mark.engine, pytest.mark.exhaustive]

HOSTS = {"staging": "staging.ecluse.example", "production": "www.ecluse.example"}


@pytest.fixture
def certificate(tmp_path):
    """A folder with tls_certificate and tls_key of both sites, as they are reached here."""
    folder = tmp_path / "tls"
    folder.mkdir()
    names = ",".join(["IP:127.0.0.1", *(f"DNS:{host}" for host in HOSTS.values())])
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=ecluse.example", "-addext", f"subjectAltName={names}",
         "-keyout", folder / "tls_key", "-out", folder / "tls_certificate"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def name(swarm):
    """The name of the pipeline, and so the beginning of the stacks' names."""
    name = f"site{secrets.token_hex(3)}"
    yield name
    for environment in HOSTS:
        remove(f"{name}-{environment}")


@pytest.fixture
def ports():
    return {environment: (free_port(), free_port()) for environment in HOSTS}


@pytest.fixture
def repository(tmp_path, name, ports, certificate):
    """The site's, on branch staging: other ports, and nothing but the image before a rollout."""
    folder = tmp_path / "site"
    subprocess.run(["git", "clone", "--quiet", "--no-local", TOP, folder], check=True)
    pipeline = folder / "pipeline.py"
    image_alone(folder)
    text = pipeline.read_text().replace('name="ecluse",', f'name="{name}",')
    variables = {one: {"HTTP_PORT": str(http), "HTTPS_PORT": str(https)} for one, (http, https) in ports.items()}
    text, count = re.subn(r'env=\{("DJANGO_ALLOWED_HOSTS": host)', rf"env={{**{variables}[name], \1", text)
    assert count == 1
    pipeline.write_text(text)
    # What a browser trusts already.
    known = Path(ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt").read_text()
    (folder / "authorities.pem").write_text(known + (certificate / "tls_certificate").read_text())
    subprocess.run([sys.executable, "-m", "ecluse", "render"], cwd=folder, env=environ(folder), check=True)
    for step in (["checkout", "--quiet", "-B", "staging"], ["add", "--all"], ["commit", "--quiet", "-m", "here"]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@shop.test", *step], cwd=folder, check=True)
    return folder


def environ(repository, **more):
    without = ("DOCKER_HOST", "DOCKER_CONTEXT", "ECLUSE_", "STAGING_", "PRODUCTION_", "GITHUB_", "TRAVIS")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(without)}
    return {**clean, "PYTHONPATH": str(repository / "src"), "NO_COLOR": "1", **more}


def bring_secrets(repository, stack, folder, certificate):
    """Bring the secrets into the swarm, as the first rollout from a trusted machine does."""
    subprocess.run([repository / "ops" / "secrets", folder], check=True, capture_output=True)
    found = {path.name: path.read_bytes() for path in (*folder.iterdir(), *certificate.iterdir())}
    with connect(environ(repository), "") as connection:
        Objects(connection.api, stack).make({("secrets", key): value for key, value in found.items()})


def test_tag_brings_the_digest_of_staging_to_production(repository, name, ports, registry, certificate, tmp_path):
    program = os.environ.get("ECLUSE_ACT")
    if not program:
        pytest.skip("ECLUSE_ACT does not name a program that starts act")
    for environment in HOSTS:
        bring_secrets(repository, f"{name}-{environment}", tmp_path / environment, certificate)
    address = f"http://{registry}"
    doors = {f"{one}_ECLUSE_DOOR".upper(): f"https://127.0.0.1:{https}" for one, (_, https) in ports.items()}
    trusted = {"SSL_CERT_FILE": str(repository / "authorities.pem")}
    options = ["-s", f"ECLUSE_REGISTRY={address}"]
    options += [part for pair in {**doors, **trusted}.items() for part in ("--env", "=".join(pair))]

    pushed = act(program, repository, Event(kind="push", branch="staging"), "-j", "deploy-staging", *options)
    assert pushed.results == {"image": "success", "deploy-staging": "success"}, pushed.why()
    subprocess.run(["git", "tag", "v1.2.3"], cwd=repository, check=True)
    tagged = act(program, repository, Event(kind="tag", tag="v1.2.3"), "-j", "deploy-production", *options)
    assert tagged.results == {"promote": "success", "deploy-production": "success"}, tagged.why()

    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repository, text=True, capture_output=True, check=True)
    images = {}
    for environment, host in HOSTS.items():
        asked = subprocess.run(
            [sys.executable, "-m", "ecluse", "status", environment, "--json"],
            **{"cwd": repository, "env": environ(repository, **doors, **trusted, ECLUSE_REGISTRY=address)},
            text=True, capture_output=True,
        )  # fmt: skip
        status = json.loads(asked.stdout)
        assert status["healthy"] and status["commit"] == commit.stdout.strip()
        images[environment] = service_image(f"{name}-{environment}_web")
        # As a visitor gets it.
        https = ports[environment][1]
        trust = ssl.create_default_context(cafile=str(certificate / "tls_certificate"))
        request = urllib.request.Request(f"https://127.0.0.1:{https}/readiness/", headers={"Host": host})
        with urllib.request.urlopen(request, context=trust, timeout=60) as response:
            assert json.load(response)["release"] == status["serving"]
    assert images["staging"] == images["production"]


def service_image(service):
    return docker("service", "inspect", "--format", "{{.Spec.TaskTemplate.ContainerSpec.Image}}", service).stdout
