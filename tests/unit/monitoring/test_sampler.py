"""The figures of a site, from the files of its processes."""

import os

import pytest

from ecluse.deploy.targets.server import counts
from ecluse.monitoring import sampler


@pytest.fixture
def site(tmp_path):
    for number, errors in (("1", "500 GET /\nworker ended 12\n"), ("2", "")):
        slot = tmp_path / "slots" / number
        slot.mkdir(parents=True)
        (slot / "open").write_text("one-123\n")
        (slot / "errors").write_text(errors)
        counter = counts.TallyFile(str(slot / "counts"))
        for worker, seconds in ((1, 0.0001), (1, 0.5), (2, 0.5), (2, 99)):
            counter.add(worker, seconds, error=False)
    (tmp_path / "slots" / "3").mkdir()
    return tmp_path


def figures(site, monkeypatch, status=200, url="http://shop.example", backups="0"):
    monkeypatch.setattr(sampler, "_asked", lambda *_: status)
    sampler.main("shop-production", str(site), url, "/readiness/", str(site / "site.prom"), backups)
    return dict(line.rsplit(" ", 1) for line in (site / "site.prom").read_text().splitlines())


def test_answers_and_errors_of_processes_that_serve_are_counted(site, monkeypatch):
    found = figures(site, monkeypatch)
    labels = 'site="shop-production",slot="1",release="one-123"'
    assert found[f"ecluse_site_answers_total{{{labels}}}"] == "4"
    assert (
        found[f"ecluse_site_errors_total{{{labels}}}"] == found[f"ecluse_site_workers_ended_total{{{labels}}}"] == "1"
    )
    assert 'ecluse_release_switched_seconds{site="shop-production",release="one-123"}' in found
    assert not [name for name in found if 'slot="3"' in name]


def test_durations_are_a_histogram_of_prometheus(site, monkeypatch):
    found = figures(site, monkeypatch)
    labels = 'site="shop-production",slot="1",release="one-123",le='
    buckets = {
        bound: found[f'ecluse_site_duration_seconds_bucket{{{labels}"{bound}"}}']
        for bound in ("0.001", "0.256", "0.512", "16.384", "+Inf")
    }
    assert list(buckets.values()) == ["1", "1", "3", "3", "4"]


def test_sampler_reads_the_form_in_which_processes_count():
    assert (sampler.BOUNDS, sampler.WIDTH, sampler.WIDTH * sampler.ROWS) == (counts.BOUNDS, counts.WIDTH, counts.BLOCK)


@pytest.mark.parametrize(
    ("status", "closed", "up"), [(200, 0, "1"), (500, 0, "0"), (0, 0, "0"), (503, 0, "0"), (503, 1, "1")]
)
def test_site_is_up_where_it_answers_or_is_closed_on_purpose(site, monkeypatch, status, closed, up):
    (site / "address.json").write_text('{"host": "127.0.0.1", "port": 8000}')
    if closed:
        (site / "maintenance.html").touch()
    assert figures(site, monkeypatch, status)['ecluse_site_up{site="shop-production"}'] == up


def test_worker_is_up_where_a_process_runs_in_one_of_its_slots(site, monkeypatch):
    for worker, process in (("tasks/1", str(os.getpid())), ("beat/1", "2147483647"), ("beat/2", "")):
        (site / "slots" / worker).mkdir(parents=True)
        (site / "slots" / worker / "lock").write_text(process)
        (site / "slots" / worker / "slot.json").touch()
    (site / "slots" / "removed" / "1").mkdir(parents=True)
    found = {name: value for name, value in figures(site, monkeypatch).items() if "worker_up" in name}
    labels = 'site="shop-production",worker='
    assert found == {f'ecluse_worker_up{{{labels}"beat"}}': "0", f'ecluse_worker_up{{{labels}"tasks"}}': "1"}


def test_site_that_was_never_rolled_out_has_no_figures(tmp_path, monkeypatch):
    assert figures(tmp_path, monkeypatch) == {}


def test_backup_is_due_from_the_data_of_the_last_proof_on(tmp_path, monkeypatch):
    (tmp_path / "last-backup.json").write_text('{"saved": 1764280000.5, "proved": 1764290000}')
    assert figures(tmp_path, monkeypatch) == {}
    assert figures(tmp_path, monkeypatch, backups="86400") == {
        'ecluse_backup_proved_seconds{site="shop-production"}': "1764280000.5",
        'ecluse_backup_every_seconds{site="shop-production"}': "86400",
    }


@pytest.mark.parametrize("note", [None, '{"proved": null, "failed": 5}', '{"saved": "x"}', "[]"])
def test_backup_that_never_came_is_due_from_its_password_on(tmp_path, monkeypatch, note):
    assert figures(tmp_path, monkeypatch, backups="3600") == {}
    (tmp_path / "backup.json").write_text("{}")
    os.utime(tmp_path / "backup.json", (7, 7))
    if note is not None:
        (tmp_path / "last-backup.json").write_text(note)
    assert (
        figures(tmp_path, monkeypatch, backups="3600")['ecluse_backup_proved_seconds{site="shop-production"}'] == "7.0"
    )
