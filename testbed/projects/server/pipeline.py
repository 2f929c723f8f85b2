"""The pipeline of the small project that the rollout tests roll out."""

import os

from ecluse import Backup, Environment, Job, Pipeline, ReleaseSpec, Worker, command

BROKER = os.environ.get("SHOP_BROKER", "")
BACKUPS = os.environ.get("SHOP_BACKUPS", "")
CELERY = ("celery", "--app", "shop.celery:app")
OPTIONS = ("--hostname", "tasks{slot}@%h", "--concurrency", "2", "--loglevel", "INFO")
WORKERS = (
    Worker(name="tasks", command=(*CELERY, "worker", *OPTIONS), sign="alive"),
    Worker(name="beat", command=(*CELERY, "beat", "--scheduler", "celery.beat.Scheduler"), sign="alive", alone=True),
)

pipeline = Pipeline(
    name="shop",
    jobs=(Job(name="nothing", steps=(command("true"),)),),
    environments=(
        Environment(
            name="local",
            target="server",
            settings="shop.settings",
            url="http://127.0.0.1:8700",
            faces_world=False,
            watch=1,
            env={"CELERY_BROKER_URL": BROKER} if BROKER else {},
            workers=WORKERS if BROKER else (),
            backup=Backup(repository=BACKUPS, keep_daily=1, keep_weekly=0, keep_monthly=0) if BACKUPS else None,
        ),
    ),
    release=ReleaseSpec(
        files=("manage.py", "shop"),
        requirements="requirements.txt",
        wsgi="shop.wsgi:application",
        settings="shop.settings",
    ),
)
