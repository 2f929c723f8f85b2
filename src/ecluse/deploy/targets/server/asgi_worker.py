"""gunicorn's worker for an ASGI site: uvicorn answers on the private socket, and on the public one of an open slot.

Copied into the target's folder beside gunicorn_conf.py; runs in a release's own Python. uvicorn's own worker accepts
visitors at once, and drops a connection that it has accepted and not yet read from when it is told to end.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import uvicorn
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

if TYPE_CHECKING:
    from ecluse.deploy.targets.server import asgi_site, served
else:
    served, asgi_site = sys.modules["ecluse_served"], sys.modules["ecluse_asgi_site"]

__all__ = ["AsgiWorker"]

# Seconds between two looks at whether the slot has been opened, and between two signs of life.
TICK = 0.02
BEAT = 0.2

# Seconds for a visitor who has connected to ask, once nobody is accepted any more.
LINGER = 2.0


class AsgiServer(uvicorn.Server):  # type: ignore[misc, unused-ignore]  # Any, where uvicorn is not installed
    """uvicorn's server, which ends when it is told to and leaves signals to gunicorn."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def install_signal_handlers(self) -> None:  # its name before uvicorn 0.29
        pass


class AsgiWorker(Worker):  # type: ignore[misc]  # gunicorn ships no types
    """A worker of gunicorn. The site is loaded once; its private and its public socket have a server each."""

    def run(self) -> None:
        self._use_logs()
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        public, private = self.sockets
        site = asgi_site.UnawareAsgi(self.wsgi, served.PAGE) if served.PAGE else self.wsgi
        gate = AsgiServer(self._config(site, access_log=False))
        answering = await self._started(gate, private)
        while self.alive and not served.is_open():
            await self._beat(TICK)
        if self.alive:
            visitors = asgi_site.PublicAsgi(site, self._answered)
            door = AsgiServer(self._config(visitors, lifespan="off"))
            welcoming = await self._started(door, public)
            served.accept()
            while self.alive:
                await self._beat(BEAT)
            await self._let_go(door, visitors, public.fileno())
            await self._ended(door, welcoming)
        await self._ended(gate, answering)

    async def _started(self, server: AsgiServer, listener: Any) -> asyncio.Task[None]:
        """The task of *server*, once it accepts on *listener*."""
        task = asyncio.create_task(server.serve(sockets=[listener.sock]))
        while not server.started:
            await self._beat(TICK)
            if task.done():
                task.result()
                self.log.error("the site does not start")
                sys.exit(Arbiter.WORKER_BOOT_ERROR)
        return task

    async def _let_go(self, door: AsgiServer, visitors: asgi_site.PublicAsgi, listening: int) -> None:
        """Accept nobody any more, and answer whoever has been accepted."""
        visitors.ending = True
        asyncio.get_running_loop().remove_reader(listening)
        for _ in range(round(LINGER / TICK)):
            await self._beat(TICK)  # at least once: what was accepted last becomes a connection
            if not door.server_state.connections:
                break

    async def _ended(self, server: AsgiServer, task: asyncio.Task[None]) -> None:
        """End *server*: it finishes what it answers, within gunicorn's limit."""
        server.should_exit = True
        while not task.done():
            await self._beat(TICK)
        task.result()

    async def _beat(self, seconds: float) -> None:
        """Wait *seconds*, and tell gunicorn that this worker lives. Without gunicorn it ends."""
        self.notify()
        if os.getppid() != self.ppid:
            self.alive = False
        await asyncio.sleep(seconds)

    def _answered(self, seconds: float, status: int) -> None:
        served.count(self.age, seconds, status)
        self.nr += 1
        if self.nr >= self.max_requests and self.alive:
            self.log.info("Autorestarting worker after current request.")
            self.alive = False

    def _config(self, site: Any, **more: Any) -> uvicorn.Config:
        known = inspect.signature(uvicorn.Config).parameters
        options = {
            "log_config": None,
            "timeout_keep_alive": self.cfg.keepalive,
            "timeout_graceful_shutdown": self.cfg.graceful_timeout,
            "forwarded_allow_ips": self.cfg.forwarded_allow_ips,
            **more,
        }
        return uvicorn.Config(site, **{name: value for name, value in options.items() if name in known})

    def _use_logs(self) -> None:
        """Have uvicorn write where gunicorn does."""
        for name, log in (("uvicorn.error", self.log.error_log), ("uvicorn.access", self.log.access_log)):
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = log.handlers, False
            logger.setLevel(log.level)
