"""A page, a slow page, an effect, an upload, and the rollout's gate."""

import itertools
import os
import signal
import threading
import time

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from django.urls import path
from shop import behaviour
from shop.models import Effect

RELEASE = os.environ.get("ECLUSE_RELEASE")
PAGES = itertools.count(1)


def readiness(request):
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    ready = behaviour.READY and not missing
    return JsonResponse({"release": RELEASE}, status=200 if ready else 503)


def page(request):
    if behaviour.DIES is not None:
        threading.Timer(behaviour.DIES, os._exit, [1]).start()
    if behaviour.ENDS is not None:
        threading.Timer(behaviour.ENDS, os.kill, [os.getppid(), signal.SIGTERM]).start()
    if behaviour.FAILS and next(PAGES) % behaviour.FAILS == 0:
        raise RuntimeError("this release fails")
    time.sleep(float(request.GET.get("seconds", 0)) + behaviour.SLOW)
    return HttpResponse(f"{behaviour.VERSION} {RELEASE} {os.getpid()}")


def effect(request):
    time.sleep(float(request.GET.get("seconds", 0)))
    Effect.objects.create(token=request.body.decode())
    return HttpResponse(RELEASE)


def upload(request):
    Effect.objects.create(token=request.GET["token"])
    return HttpResponse(f"{len(request.body)} {RELEASE}")


urlpatterns = [path("upload/", upload), path("readiness/", readiness), path("effect/", effect), path("", page)]
