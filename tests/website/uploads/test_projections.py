"""MongoDB and Redis, away. What they do when they are there is in tests/integration/uploads."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from website.uploads import health, projections, sweep, tasks
from website.uploads.models import Media, UploadRequest
from website.uploads.projections import ProjectionUnavailable


class Memory:
    """A projection that keeps what it is told, unless it is away."""

    def __init__(self) -> None:
        self.known = {}
        self.away = False

    def _answer(self) -> None:
        if self.away:
            raise ProjectionUnavailable("no answer from db.internal")

    def write(self, medias):
        self._answer()
        self.known.update({media.pk: (media.title, media.metadata) for media in medias})

    def remove(self, keys):
        self._answer()
        for key in keys:
            self.known.pop(key, None)

    def keys(self):
        self._answer()
        yield from list(self.known)

    check = _answer


@pytest.fixture
def servers(settings, monkeypatch):
    """Both servers, as configured."""
    settings.MONGODB_URL, settings.REDIS_URL = "mongodb://db.internal/site", "redis://db.internal/0"
    both = {"mongodb": Memory(), "redis": Memory()}
    monkeypatch.setattr(projections, "get", both.__getitem__)
    return both


@pytest.fixture
def send(adele, photo, django_capture_on_commit_callbacks):
    """A function that uploads, and does what follows."""

    def upload(**fields):
        with django_capture_on_commit_callbacks(execute=True):
            answer = adele.upload(photo(), **fields)
        assert answer.status_code == 201
        return Media.objects.get(pk=answer.json()["id"])

    return upload


@pytest.fixture
def catch_up(django_capture_on_commit_callbacks):
    """A function that sweeps, as if an hour had passed."""

    def run():
        Media.objects.update(created_at=timezone.now() - timedelta(hours=1))
        with django_capture_on_commit_callbacks(execute=True):
            return sweep.rows()

    return run


def test_projections_are_told_once_the_upload_is_committed(servers, adele, photo, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        adele.upload(photo(), title="Le port")
        assert not servers["redis"].known
    media = Media.objects.get()
    expected = {media.pk: ("Le port", {"width": 80, "height": 60})}
    assert servers["mongodb"].known == servers["redis"].known == expected
    assert media.described_at and media.indexed_at


@pytest.mark.parametrize("away", [["mongodb"], ["redis"], ["mongodb", "redis"]])
def test_projections_that_were_away_catch_up(servers, send, catch_up, away, caplog):
    for name in away:
        servers[name].away = True
    media = send(title="Le port")
    assert f"Upload {media.pk} is not told everywhere" in caplog.text
    for name, server in servers.items():
        assert bool(server.known) == (name not in away)
        server.away = False
    assert catch_up() == 1
    assert servers["mongodb"].known.keys() == servers["redis"].known.keys() == {media.pk}
    assert catch_up() == 0


def test_upload_told_twice_is_stored_once(servers, send):
    media = send()
    Media.objects.update(described_at=None)
    tasks.project.delay(str(media.pk))
    tasks.project.delay(str(media.pk))
    assert len(servers["mongodb"].known) == 1


def test_deletion_waits_for_the_projections(servers, send, adele, files, catch_up, django_capture_on_commit_callbacks):
    media = send()
    servers["redis"].away = True
    with django_capture_on_commit_callbacks(execute=True):
        adele.delete(f"/uploads/{media.pk}/")
    assert len(files()) == 1
    servers["redis"].away = False
    catch_up()
    assert not files()
    assert servers["mongodb"].known == servers["redis"].known == {}
    assert not Media.objects.exists()


def test_upload_deleted_meanwhile_is_not_projected(servers, send, adele):
    media = send()
    servers["mongodb"].known.clear()
    Media.objects.update(described_at=None)
    adele.delete(f"/uploads/{media.pk}/")
    tasks.project.delay(str(media.pk))
    assert not servers["mongodb"].known


def test_projections_are_rebuilt_from_postgresql_alone(servers, send, make_media, capsys):
    kept, other = send(title="Le port"), send(title="La plage")
    going = make_media(state="deleting")
    for server in servers.values():
        server.known = {
            kept.pk: ("stale", None),
            going.pk: ("going", None),
            make_media(state="pending").pk: ("x", None),
        }
        strange = Media().pk
        server.known[strange] = ("of no row", None)
    call_command("rebuild_projections")
    for name, server in servers.items():
        assert server.known[kept.pk][0] == "Le port"
        assert server.known[other.pk][0] == "La plage"
        assert strange not in server.known
        assert f"{name}: 2 uploads written, 1 removed that are none" in capsys.readouterr().out or name == "redis"


def test_rebuild_of_projections_names_what_prevents_it(servers, settings, send):
    send()
    servers["redis"].away = True
    call_command("rebuild_projections", "mongodb")
    with pytest.raises(CommandError, match="redis is left as far as it was rebuilt: no answer"):
        call_command("rebuild_projections")
    settings.REDIS_URL = ""
    with pytest.raises(CommandError, match="redis: REDIS_URL is not set"):
        call_command("rebuild_projections", "redis")
    with pytest.raises(CommandError, match="memcached: not a projection"):
        call_command("rebuild_projections", "memcached")
    settings.MONGODB_URL = ""
    with pytest.raises(CommandError, match="nothing to rebuild"):
        call_command("rebuild_projections")


def test_titles_and_metadata_come_from_postgresql_if_no_servers(adele, bruno, staff, send, make_media):
    media = send(title="Le port", tags=["Été"])
    make_media(bruno, tags=["été"])
    [title] = adele.get("/uploads/titles/", {"tag": "ÉTÉ"}).json()["results"]
    assert title == {"id": str(media.pk), "title": "Le port", "tags": ["été"]}
    assert len(staff.get("/uploads/titles/", {"tag": "été"}).json()["results"]) == 2
    assert adele.get("/uploads/titles/").status_code == 400
    assert adele.get(f"/uploads/{media.pk}/metadata/").json() == {"width": 80, "height": 60}
    assert bruno.get(f"/uploads/{media.pk}/metadata/").status_code == 404


def test_site_answers_while_real_servers_are_away(adele, settings, send):
    """Port 1 is one where no server listens."""
    settings.MONGODB_URL, settings.REDIS_URL = "mongodb://127.0.0.1:1/site", "redis://127.0.0.1:1/0"
    media = send(title="Le port", tags=["été"])
    assert (media.described_at, media.indexed_at) == (None, None)
    assert adele.get("/uploads/titles/", {"tag": "été"}).json()["results"][0]["title"] == "Le port"
    assert adele.get(f"/uploads/{media.pk}/metadata/").json()["width"] == 80
    checks = health.checks()
    assert list(checks) == ["mongodb", "redis"]
    for name, check in checks.items():
        with pytest.raises(Exception, match=f"{name}: "):
            check.run()
    projections.get("mongodb").client.close()
    projections.get("redis").client.close()


def test_old_requests_are_forgotten_and_young_ones_are_not(send, catch_up, adele, photo):
    send()
    UploadRequest.objects.update(created_at=timezone.now() - timedelta(hours=23))
    catch_up()
    assert UploadRequest.objects.count() == 1
    UploadRequest.objects.update(created_at=timezone.now() - timedelta(hours=25))
    catch_up()
    assert not UploadRequest.objects.exists()


def test_an_upload_that_is_under_way_is_not_swept(make_media, django_capture_on_commit_callbacks):
    make_media(state="pending")
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep.rows() == 0
    assert Media.objects.count() == 1


def test_a_worker_tries_again_and_beat_sweeps():
    from celery.exceptions import Retry

    from website.celery import app

    assert {"uploads.sweep_rows", "uploads.sweep_storage"} <= {
        entry["task"] for entry in app.conf.beat_schedule.values()
    }
    task = tasks.project
    task.push_request(is_eager=False, called_directly=False, retries=0, id="1", args=["x"], kwargs={})
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(task, "apply_async", lambda *args, **kwargs: None, raising=False)
            patch.setattr(type(task), "signature_from_request", lambda *args, **kwargs: _Signature(), raising=False)
            with pytest.raises(Retry) as raised:
                tasks._later(task, "not told", ProjectionUnavailable("away"))
        assert raised.value.when == 5
    finally:
        task.pop_request()


class _Signature:
    def apply_async(self) -> None:
        pass
