"""Work in the background that leaves an effect behind, where the environment has a broker."""

import os
import tempfile
import time
from pathlib import Path

from celery import Celery
from celery.signals import beat_init, worker_ready

ALIVE = Path(tempfile.gettempdir(), "alive")

app = Celery("shop", broker=os.environ["CELERY_BROKER_URL"])
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=1, worker_hijack_root_logger=False)
worker_ready.connect(lambda **kwargs: ALIVE.touch(), weak=False)
beat_init.connect(lambda **kwargs: ALIVE.touch(), weak=False)


@app.task(name="shop.effect")
def effect(token):
    from shop.models import Effect

    time.sleep(0.05)
    Effect.objects.create(token=token)
