import os

from celery import shared_task
from chat.models import Line


@shared_task
def say(text):
    Line.objects.create(text=f"{text} by {os.environ.get('ECLUSE_SLOT', 'nobody')}")
