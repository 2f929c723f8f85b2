"""A worker that waits for work and ends when it is told to, as Celery's programs do."""

import signal
import sys

signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
signal.pause()
