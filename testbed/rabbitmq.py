"""A RabbitMQ on the engine, which may be restarted."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ecluse import probes
from ecluse.definition.model import Service
from ecluse.services import container
from testbed.containers import docker, free_port

__all__ = ["Broker", "running"]


class Broker:
    """A RabbitMQ in a container, on the same port also after a restart."""

    def __init__(self) -> None:
        self.name = f"ecluse-rabbitmq-{secrets.token_hex(4)}"
        port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{port}//"
        labels = ("--label", "ecluse.test=rabbitmq", "--name", self.name)
        publish = ("--publish", f"127.0.0.1:{port}:5672")
        # Its data is in a folder named by its host.
        docker("run", "--detach", "--init", *labels, "--hostname", "rabbitmq", *publish, "rabbitmq:4")
        self.ready()

    def ready(self) -> None:
        probes.wait([self.url], timeout=120)

    def restart(self) -> None:
        """End it, without a farewell, and start it with what was on its disk."""
        docker("restart", "--time", "1", self.name)

    def waiting(self, queue: str) -> int:
        """The number of messages in *queue*."""
        from amqp.exceptions import NotFound
        from kombu import Connection

        try:
            with Connection(self.url) as connection, connection.channel() as channel:
                return int(channel.queue_declare(queue, passive=True).message_count)
        except NotFound:  # nobody has made it yet
            return 0

    def empty(self) -> None:
        """Take everything out of it."""
        self.ready()
        ctl = ("exec", self.name, "rabbitmqctl", "--quiet")
        docker(*ctl, "delete_vhost", "/")
        docker(*ctl, "add_vhost", "/")
        docker(*ctl, "set_permissions", "--vhost", "/", "guest", ".*", ".*", ".*")

    def remove(self) -> None:
        docker("rm", "--force", "--volumes", self.name, check=False)


@contextmanager
def running() -> Iterator[Broker]:
    """A RabbitMQ for as long as the block runs; without an engine the test is skipped."""
    reason = container.why_not(Service(name="rabbitmq", kind="rabbitmq", version="4"), os.environ)
    if reason:
        pytest.skip(reason)
    broker = Broker()
    try:
        yield broker
    finally:
        broker.remove()
