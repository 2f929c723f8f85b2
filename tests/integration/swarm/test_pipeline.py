"""The jobs of a pipeline: a push to staging, then a tag of the same commit."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.engine


def job(shop, name, event, ref):
    return shop.ecluse("run", name, "--event", event, "--ref", ref, check=False)


def run_of(shop, environment):
    """The image that serves in *environment*."""
    said = shop.ecluse("status", environment, "--json").output
    return json.loads(said)


@pytest.mark.exhaustive
def test_production_gets_the_digest_that_staging_has(shop, two):
    commit = shop.commit("what is pushed")
    shop.tag("two", f"staging-{commit}")
    done = job(shop, "deploy-staging", "push", "staging")
    assert done.returncode == 0, done.output
    shop.git("tag", "v1.0.0")
    done = job(shop, "deploy-production", "tag", "v1.0.0")
    assert done.returncode == 0, done.output
    staging, production = run_of(shop, "staging"), run_of(shop, "production")
    assert staging["commit"] == production["commit"] == commit
    assert staging["serving"].partition("-")[0] == production["serving"].partition("-")[0] == two[7:19]
    assert staging["serving"] != production["serving"], "a release is a build with its configuration"
    assert shop.images("web") == {two}


def test_a_job_that_cannot_roll_out_is_red_and_says_why(shop):
    commit = shop.commit("was never built")
    done = job(shop, "deploy-staging", "push", "staging")
    assert done.returncode == 1
    assert f"never built: {shop.registry}/shop:staging-{commit}" in done.output
    assert shop.images("web") == {shop.release("one")}


def test_a_tag_is_refused_with_the_digest_that_it_names(shop, one):
    done = shop.ecluse("deploy", "staging", "--release", "shop:one", check=False)
    assert done.returncode == 5
    assert "neither a kept release nor a digest" in done.output and f"--release {one}" in done.output


def test_unsupported_stack_file_is_refused_before_any_change(shop, two):
    file = shop.folder / "docker-compose.live.yml"
    before = file.read_text()
    try:
        file.write_text(before.replace("  beat:\n", "  beat:\n    container_name: beat\n    depends_on: [db]\n"))
        done = shop.ecluse("deploy", "staging", "--release", two, check=False)
        file.write_text(before.replace("    image: ${DATABASE_IMAGE", "    image: ${NOWHERE:?is needed}"))
        missing = shop.ecluse("deploy", "staging", "--release", two, check=False)
    finally:
        file.write_text(before)
    assert done.returncode == 10
    assert "services.beat.container_name" in done.output and "services.beat.depends_on" in done.output
    assert missing.returncode == 10 and "NOWHERE" in missing.output and "Traceback" not in missing.output
    assert shop.step() is None and shop.last()["serving"].startswith(shop.release("one")[7:19])


def test_name_port_and_registry_are_refused_before_a_change(shop, one):
    production = ("deploy", "production", "--release", one)
    taken = shop.ecluse(*production, check=False, SHOP_PRODUCTION_PORT=str(shop.port))
    assert taken.returncode == 10 and f"port {shop.port} of every machine that front may run on" in taken.output
    assert f"{shop.stack}_front" in taken.output
    long = shop.ecluse(*production, check=False, SHOP_NAME="a-name-of-thirty-letters-or-so")
    assert long.returncode == 3 and "letters too long: 36 are what fits" in long.output
    unencrypted = shop.ecluse(*production, check=False, ECLUSE_REGISTRY="http://registry.invalid:5000")
    assert unencrypted.returncode == 10 and '"insecure-registries": ["registry.invalid:5000"]' in unencrypted.output
    for done in (taken, long, unencrypted):
        assert "Traceback" not in done.output
    named = shop.docker("service", "ls", "--format", "{{.Name}}").stdout
    assert f"{shop.name}-production" not in named
