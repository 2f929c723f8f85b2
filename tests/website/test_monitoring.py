"""The messages to Sentry about beat's tasks, by Sentry's own library; only the server is a stand-in."""

WATCHED = """
import django
django.setup()
import sentry_sdk
from celery.beat import ScheduleEntry, Scheduler
from celery.schedules import crontab
from website.celery import app

class Noted(sentry_sdk.transport.Transport):
    def capture_envelope(self, envelope):
        for item in envelope.items:
            if item.headers.get("type") == "check_in":
                print("check-in", item.payload.json["monitor_slug"], item.payload.json["status"])

sentry_sdk.get_client().transport = Noted()

def apply(name, task):
    entry = ScheduleEntry(name, task, schedule=crontab(minute="4"), app=app, args=["celery"][: "beat" in task])
    Scheduler(app, lazy=True).apply_entry(entry)
    return entry

entry = apply("summarise-weather", "weather.clean")
apply("heartbeat-celery", "website.heartbeat")
"""


def test_sentry_monitors_beat_tasks_except_the_heartbeat(run_python):
    done = run_python(WATCHED, SENTRY_DSN="https://key@sentry.example/1")
    assert "check-in summarise-weather in_progress" in done.stdout
    assert "heartbeat" not in done.stdout
