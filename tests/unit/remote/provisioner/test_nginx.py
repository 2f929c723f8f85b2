"""nginx: files that it refuses are put back, and nobody's site is taken away."""

import subprocess

import pytest

from ecluse.remote.provisioner import nginx

ORDER = {"folder": "ecluse/shop-live"}


@pytest.fixture
def etc(monkeypatch, tmp_path):
    for name in ("sites-available", "sites-enabled", "conf.d"):
        (tmp_path / name).mkdir()
    default = tmp_path / "sites-enabled" / "default"
    (tmp_path / "sites-available" / "default").write_text("server {}")
    default.symlink_to(tmp_path / "sites-available" / "default")
    site = tmp_path / "sites-available" / "ecluse-shop-live"
    monkeypatch.setattr(nginx, "ETC", tmp_path)
    monkeypatch.setattr(nginx, "DEFAULT", default)
    monkeypatch.setattr(nginx, "_files", lambda order: {tmp_path / "conf.d" / "ecluse.conf": "new\n", site: "new\n"})
    monkeypatch.setattr(nginx, "run", lambda argv: {"md5sum": "d1 file", "dpkg-query": " default d1"}.get(argv[0], ""))
    return tmp_path


def answer(monkeypatch, code, errors=""):
    done = subprocess.CompletedProcess([], code, "", errors)
    monkeypatch.setattr(nginx.subprocess, "run", lambda *arguments, **more: done)


def tree(folder):
    return {path: path.readlink() if path.is_symlink() else path.read_text() for path in folder.glob("*/*")}


def test_files_that_nginx_refuses_are_put_back(etc, monkeypatch):
    (etc / "conf.d" / "ecluse.conf").write_text("before\n")
    before = tree(etc)
    answer(monkeypatch, 1, "x [emerg] 7#7: unknown directive in a:1\nnginx: configuration file test failed")
    with pytest.raises(SystemExit, match="has the earlier ones back: 7#7: unknown directive in a:1"):
        nginx.nginx_apply(ORDER)
    assert tree(etc) == before


def test_files_that_nginx_takes_stand_in_place_of_debians_page(etc, monkeypatch):
    answer(monkeypatch, 0)
    nginx.nginx_apply(ORDER)
    assert (etc / "sites-enabled" / "ecluse-shop-live").read_text() == "new\n"
    assert not (etc / "sites-enabled" / "default").exists() and (etc / "sites-available" / "default").exists()


def test_default_site_of_people_is_left_and_named(etc, monkeypatch):
    monkeypatch.setattr(nginx, "refuse_taken", lambda ports: None)
    monkeypatch.setattr(nginx, "run", lambda argv: "another digest" if argv[0] == "md5sum" else "default d1")
    with pytest.raises(SystemExit, match="default is there and is not Debian's"):
        nginx.nginx_change(ORDER)
