"""Static files of several releases on one volume."""

from __future__ import annotations

import os

import pytest

from ecluse.deploy.targets.swarm import static


@pytest.fixture
def volume(tmp_path):
    (tmp_path / "volume").mkdir()
    return tmp_path / "volume"


@pytest.fixture
def release(tmp_path):
    def make(name, **files):
        folder = tmp_path / name
        for number, (path, text) in enumerate({"app.css": f"css of {name}", **files}.items()):
            file = folder / path.replace("__", "/").replace("_dot_", ".")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            os.utime(file, (hash(text) % 10**9 + number, hash(text) % 10**9 + number))
        return folder

    return make


def run(command, name, source, volume, *kept):
    assert static.main([command, name, str(source), str(volume), *kept]) == 0


def test_adding_a_release_changes_no_existing_file(volume, release):
    run("add", "one", release("one", app_dot_1_dot_css="1"), volume)
    run("add", "two", release("two", app_dot_2_dot_css="2", sub__page_dot_html="two"), volume)
    assert (volume / "app.css").read_text() == "css of one"
    assert (volume / "app.1.css").read_text() == "1" and (volume / "app.2.css").read_text() == "2"
    assert (volume / "sub" / "page.html").read_text() == "two"


def test_file_of_the_serving_release_wins_over_its_namesake(volume, release):
    one, two = release("one", page_dot_html="one"), release("two", page_dot_html="two!")
    run("add", "one", one, volume)
    run("serve", "one", one, volume)
    run("add", "two", two, volume)
    run("serve", "two", two, volume, "one")
    assert (volume / "app.css").read_text() == "css of two"
    assert (volume / "page.html").read_text() == "two!"
    run("serve", "one", one, volume, "two")
    assert (volume / "page.html").read_text() == "one"


def test_files_are_kept_as_long_as_a_release_that_has_them(volume, release):
    one = release("one", only_dot_1_dot_js="1", shared_dot_js="s")
    two = release("two", only_dot_2_dot_js="2", shared_dot_js="s")
    run("add", "one", one, volume)
    run("serve", "two", two, volume, "one")
    assert (volume / "only.1.js").exists()
    run("serve", "two", two, volume)
    assert not (volume / "only.1.js").exists()
    assert (volume / "shared.js").exists() and (volume / "only.2.js").exists()


def test_page_is_copied_after_the_files_it_names(volume, release, monkeypatch):
    copied = []
    real = static._copy
    monkeypatch.setattr(static, "_copy", lambda source, target: (copied.append(target.name), real(source, target)))
    run("add", "one", release("one", index_dot_html="one", zebra_dot_js="1"), volume)
    copied.clear()
    two = release("two", index_dot_html="two!", zebra_dot_js="22")
    run("serve", "two", two, volume)
    assert copied[-1] == "index.html" and set(copied) == {"app.css", "zebra.js", "index.html"}


def test_closed_site_stays_closed_over_rollouts(volume, release):
    one, two = release("one"), release("two")
    run("add", "one", one, volume)
    run("close", "one", one, volume)
    run("add", "two", two, volume)
    run("serve", "two", two, volume, "two")
    assert (volume / static.CLOSED).exists()
    run("open", "two", two, volume)
    run("open", "two", two, volume)  # done again, it changes nothing
    assert not (volume / static.CLOSED).exists()


def test_share_of_visitors_is_a_file_for_each_256th(volume, release, monkeypatch):
    one = release("one")
    monkeypatch.setattr(static, "_known", lambda name: name == "web-canary")
    run("share", "one", one, volume, "0.05", "web-canary")
    assert sorted(path.name for path in (volume / static.SHARES).iterdir())[-1] == "0c"
    run("share", "one", one, volume, "1", "web-canary")
    assert len(list((volume / static.SHARES).iterdir())) == 256
    run("share", "one", one, volume, "0.05", "elsewhere")
    assert not (volume / static.SHARES).exists()
    run("share", "one", one, volume, "1", "web-canary")
    run("add", "two", release("two"), volume)
    assert not (volume / static.SHARES).exists(), "no canary outlives its rollout"
