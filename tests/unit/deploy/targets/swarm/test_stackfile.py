"""Stack files: fields that a swarm would refuse or ignore, and the parts of a stack."""

from __future__ import annotations

import pytest

from ecluse.deploy.targets.swarm import stackfile
from ecluse.errors import TargetError

IMAGE = "registry.test/shop@sha256:" + "ab" * 32


def content(**changed):
    first = {"replicas": 2, "update_config": {"order": "start-first"}}
    once = {"replicas": 0}
    services = {
        "beat": {"image": IMAGE, "deploy": {"update_config": {"order": "stop-first"}}},
        "web": {"image": IMAGE, "deploy": first, "networks": {"site": None}, "secrets": [{"source": "key"}]},
        "worker": {"image": IMAGE, "deploy": first, "command": ["sh", "-c", "echo $HOME"]},
        "migrate": {"image": IMAGE, "deploy": once, "environment": {"ECLUSE_RELEASE": stackfile.ID}},
        "superuser": {"image": IMAGE, "deploy": once},
        "static": {
            "image": IMAGE,
            "deploy": once,
            "volumes": [{"type": "tmpfs", "target": "/tmp"}, {"type": "volume", "source": "static", "target": "/s"}],
        },
        "front": {"image": "front@sha256:1", "deploy": {"replicas": 1}},
        "db": {"image": "postgres:18", "configs": [{"source": "init"}]},
        **changed,
    }
    return {
        "services": services,
        "networks": {"site": {}, "data": {}},
        "volumes": {"static": {}, "db": {}},
        "secrets": {"key": {"file": "key"}, "other": {"file": "other"}},
        "configs": {"init": {"file": "init.sh"}},
    }


def test_bad_release_is_replaced_at_once_and_the_file_stays() -> None:
    content = {
        "services": {"web": {"image": "x", "deploy": {"update_config": {"monitor": "5s", "order": "start-first"}}}}
    }
    changed = stackfile.at_once(content, "web", stop_first=True)
    update = changed["services"]["web"]["deploy"]["update_config"]
    assert update == {"monitor": "5s", "order": "stop-first", "parallelism": 0}
    assert content["services"]["web"]["deploy"]["update_config"]["order"] == "start-first"


def test_a_service_is_known_by_its_image_and_its_name():
    assert stackfile.roles(content(), IMAGE) == {
        "beat": "task",
        "web": "web",
        "worker": "task",
        "migrate": "migrate",
        "superuser": "once",
        "static": "static",
        "front": "front",
        "db": "state",
    }


def test_role_of_a_renamed_service_comes_from_its_label():
    site = {"image": IMAGE, "deploy": {"labels": {"ecluse.role": "web"}, "replicas": 1}}
    door = {"image": "nginx", "deploy": {"labels": {"ecluse.role": "front"}}}
    found = stackfile.roles(content(site=site, door=door), IMAGE)
    assert (found["site"], found["door"]) == ("web", "front")


def test_workers_start_before_web_and_beat_last():
    assert stackfile.tasks(content(), IMAGE) == ["worker", "web", "beat"]


def test_part_of_a_stack_holds_only_what_its_services_use():
    part = stackfile.part(content(), ["web", "static"])
    assert set(part["services"]) == {"web", "static"}
    assert (set(part["networks"]), set(part["volumes"]), set(part["secrets"])) == ({"site"}, {"static"}, {"key"})
    assert "configs" not in part


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ({"build": "."}, "services.web.build: a swarm ignores it; a swarm builds nothing: name an image"),
        ({"image": "x", "container_name": "w"}, "services.web.container_name: a swarm ignores it"),
        ({"image": "x", "tmpfs": "/tmp"}, "services.web.tmpfs: a swarm ignores it; a volume of type tmpfs"),
        (
            {"image": "x", "depends_on": {"db": {"condition": "service_healthy"}}},
            "services.web.depends_on: a swarm refuses its conditions; what waits, waits itself: ecluse wait",
        ),
        ({"image": "x", "depends_on": ["db"]}, "services.web.depends_on: a swarm ignores it"),
        (
            {
                "ports": [{"target": 80, "published": 80, "mode": "host"}],
                "deploy": {"update_config": {"order": "start-first"}},
            },
            "services.web.ports.0: a port of the host is taken: it cannot start first",
        ),
    ],
)
def test_unsupported_field_is_named_with_its_place(service, said):
    (found,) = stackfile.problems({"services": {"web": service}})
    assert found.startswith(said)


def test_valid_stack_file_has_no_problems():
    assert stackfile.problems(content()) == []


def test_release_id_depends_on_build_and_configuration_only():
    same = stackfile.identity(content(), IMAGE)
    assert stackfile.identity(content(), IMAGE) == same
    assert same.startswith("abababababab-")
    other = stackfile.identity(content(web={"image": IMAGE, "environment": {"A": "1"}}), IMAGE)
    assert other != same and other.startswith("abababababab-")
    moved = IMAGE.replace("registry.test", "other.test")
    elsewhere = {**content(), "services": {"web": {"image": moved}}}
    assert stackfile.identity(elsewhere, moved) == stackfile.identity(
        {**content(), "services": {"web": {"image": IMAGE}}}, IMAGE
    )


@pytest.mark.parametrize("image", ["shop:latest", "shop", "shop@sha256:12", "shop@md5:" + "0" * 64])
def test_a_release_is_named_by_a_digest_and_by_nothing_else(image):
    with pytest.raises(TargetError, match="no image by its digest"):
        stackfile.digest_of(image)


def test_release_id_is_on_every_serving_service():
    made = stackfile.release_of(content(), "r1", ["web"])
    assert made["services"]["web"]["labels"] == {"ecluse.release": "r1"}
    assert made["services"]["web"]["deploy"]["labels"] == {"ecluse.release": "r1"}
    assert made["services"]["migrate"]["environment"] == {"ECLUSE_RELEASE": "r1"}
    assert "labels" not in made["services"]["migrate"]


def test_files_and_secrets_are_found_under_the_engines_names():
    made = stackfile.named(content(), {"secrets": {"key": "s_key_1", "other": "s_other_2"}, "configs": {"init": "c"}})
    assert made["secrets"]["key"] == {"external": True, "name": "s_key_1"}
    assert made["configs"] == {"init": {"external": True, "name": "c"}}


def test_job_service_runs_once_and_follows_its_template():
    template = {**content()["services"]["static"], "healthcheck": {"test": "x"}, "secrets": [{"source": "key"}]}
    made = stackfile.job(
        content(static=template),
        "static",
        name="files",
        command=["true"],
        everywhere=True,
        configs={"/run/s.py": "s_1"},
    )
    (service,) = made["services"].values()
    assert list(made["services"]) == ["files"]
    assert service["command"] == ["true"] and service["image"] == IMAGE
    assert service["deploy"]["mode"] == "global-job" and "replicas" not in service["deploy"]
    assert service["deploy"]["restart_policy"] == {"condition": "none"}
    assert service["healthcheck"] == {"disable": True}
    ((mounted),) = service["configs"]
    assert (mounted["target"], made["configs"][mounted["source"]]["name"]) == ("/run/s.py", "s_1")
    assert set(made["volumes"]) == {"static"} and set(made["secrets"]) == {"key"}


def test_dollar_signs_are_escaped_for_the_second_reading():
    assert stackfile.escaped(content())["services"]["worker"]["command"] == ["sh", "-c", "echo $$HOME"]
