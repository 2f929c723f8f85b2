"""Files on this machine: on its disk before anybody is told, and swept where no row knows them."""

import errno
from datetime import timedelta

from django.core.management import call_command

from website.uploads import storage, sweep
from website.uploads.models import Media
from website.uploads.storage import local


def test_file_is_synced_to_disk_before_it_counts_as_stored(adele, photo, files, monkeypatch):
    def fail(descriptor):
        assert files()
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(local.os, "fsync", fail)
    assert adele.upload(photo()).status_code == 503
    assert not files()
    assert not Media.objects.exists()


def test_sweep_removes_only_orphaned_files(adele, photo, media, files, monkeypatch, capsys):
    told = adele.upload(photo()).json()
    kept = f"uploads/{told['id']}.png"
    for name in ("3f0c0000-0000-4000-8000-000000000000.png", "by-hand.png"):
        (media / "uploads" / name).write_bytes(b"x")
    # One that was stored a moment ago may be one whose row is about to be known.
    call_command("sweep_uploads", verbosity=0)
    assert len(files()) == 3
    monkeypatch.setattr(sweep, "UNKNOWN", timedelta(0))
    call_command("sweep_uploads", verbosity=0)
    assert files() == [kept]


def test_storage_without_its_folder_is_empty_and_healthy(media):
    kept = storage.get("local")
    assert not list(kept.entries())
    kept.check()
    assert not list((media / "uploads").iterdir())
