import re
from pathlib import Path

from django.conf import settings

TOP = Path(__file__).resolve().parents[3]


def test_documented_variables_are_those_the_site_reads():
    code = "".join(
        file.read_text(encoding="utf-8")
        for folder in ("settings", "src/website")
        for file in (TOP / folder).rglob("*.py")
        if "migrations" not in file.parts
    )
    read = set(re.findall(r'\benv\.[a-z]+\(\s*"([A-Z_]+)"', code))
    page = (TOP / "docs/reference/settings.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE))
    assert documented == read


def test_every_system_check_is_documented_and_no_other():
    code = (TOP / "src/website/checks.py").read_text(encoding="utf-8")
    page = (TOP / "docs/reference/settings.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(website\.[A-Z]\d+)` \|", page, re.MULTILINE)) == set(
        re.findall(r'id="(website\.[A-Z]\d+)"', code)
    )


def test_every_task_of_the_schedule_is_documented():
    page = (TOP / "docs/reference/background.md").read_text(encoding="utf-8")
    documented = {
        name for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for name in re.findall(r"`([\w-]+)`", row)
    }
    schedule = {re.sub("^heartbeat-.*", "heartbeat-QUEUE", name) for name in settings.CELERY_BEAT_SCHEDULE}
    assert schedule <= documented
