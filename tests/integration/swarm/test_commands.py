"""The commands about an environment, on a swarm: what is printed, what is run, what is stopped and started."""

from __future__ import annotations

import sys

import pytest

from ecluse.machine import process
from testbed.containers import answers, docker

pytestmark = pytest.mark.engine


@pytest.mark.exhaustive
def test_logs_reach_the_containers_of_all_services(shop, one):
    assert '"uri":"/readiness/"' in shop.ecluse("logs", "staging", "--of", "front").output
    unknown = shop.ecluse("logs", "staging", "--of", "nothing", check=False)
    assert unknown.returncode == 10 and "there are: beat, db, front, web, worker" in unknown.output


def test_command_is_a_job_of_the_serving_release(shop, one):
    code = (
        "import os; print(os.environ['ECLUSE_RELEASE'], os.environ['DJANGO_SUPERUSER_USERNAME']); raise SystemExit(3)"
    )
    command = ("exec", "staging", "--", "python", "-c", code)
    done = shop.ecluse(*command, check=False, DJANGO_SUPERUSER_USERNAME="ada")
    assert (done.returncode, done.output.strip()) == (3, f"{shop.status()['serving']} ada")
    piped = ("sh", "-c", 'echo given | exec "$@"', "sh", sys.executable, "-m", "ecluse", "exec", "staging", "cat")
    given = process.run(piped, cwd=shop.folder, env=shop.environ)
    assert given.output.strip() == "given"
    assert not [name for name in shop.services() if name.startswith("exec-")]


@pytest.mark.exhaustive
def test_plan_deploy_shows_sql_and_refusals_and_changes_nothing(shop, one):
    field = "models.IntegerField(default=1)"
    release = shop.release("needs", migration=f'migrations.AddField("effect", "needed", {field})')
    before = shop.last()
    done = shop.ecluse("plan", "deploy", "staging", "--release", release, check=False)
    assert done.returncode == 11
    assert 'ALTER TABLE "shop_effect" ADD COLUMN "needed" integer DEFAULT 1 NOT NULL' in done.output
    assert "refused, unless --allow-migration shop.0002" in done.output
    assert shop.query("SELECT 1 FROM information_schema.columns WHERE column_name = 'needed'") == ""
    assert shop.images("web") == {one} and shop.last() == before


@pytest.mark.exhaustive
def test_start_after_stop_serves_the_same_release(shop, one):
    serving = shop.status()["serving"]
    shop.query("INSERT INTO shop_effect (token) VALUES ('kept-over-a-stop')")
    shop.ecluse("stop", "staging")
    assert shop.services() == set()
    assert shop.ecluse("status", "staging", check=False).returncode == 1
    shop.ecluse("start", "staging")
    assert shop.status()["serving"] == serving
    assert answers(f"http://{shop.address}:{shop.port}/")[0] == 200
    assert shop.effects()["kept-over-a-stop"] == 1


@pytest.mark.exhaustive
def test_unused_objects_are_deleted_and_secrets_stay_hidden(shop, one):
    secret = shop.folder / "secrets" / "django_secret_key"
    before = secret.read_text()
    try:
        for number in range(6):
            secret.write_text(f"secret {number} " + "x" * 50)
            shop.ecluse("deploy", "staging", "--release", one)
    finally:
        secret.write_text(before)
    label = f"label=ecluse.environment={shop.stack}"
    secrets = docker("secret", "ls", "--filter", label, "--format", "{{.Name}}").stdout.split()
    releases = docker(
        "config", "ls", "--filter", label, "--filter", "label=ecluse.kind=release", "--format", "{{.Name}}"
    )
    assert len(releases.stdout.split()) == 5 and len(secrets) == 5, "what serves, the one before, and three more"
    container = docker("ps", "--quiet", "--filter", f"name={shop.stack}_web.").stdout.split()[0]
    assert "secret 5" not in docker("inspect", container).stdout
    shop.ecluse("rollback", "staging")
