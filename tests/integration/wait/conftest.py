"""Services of a few lines, each on a port of its own: what a real one says, and what it says when it is not ready.

The real ones are met in tests/integration/image, where there is an engine to run them.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

Conversation = Callable[[socket.socket], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Conversation], int]]:
    """A function that has a *conversation* with each client, and returns the port where. All end with the test."""
    with contextlib.ExitStack() as stack:

        def start(conversation: Conversation) -> int:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def accept() -> None:
                with contextlib.suppress(OSError):  # the listener is closed, or the client has gone
                    while True:
                        connection, _address = listener.accept()
                        connection.settimeout(10)
                        with connection, contextlib.suppress(OSError):
                            conversation(connection)

            thread = threading.Thread(target=accept, daemon=True)
            thread.start()
            stack.callback(thread.join, 10)
            # Closing a listener does not wake who waits for a client; shutting it down does.
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            return int(listener.getsockname()[1])

        yield start


@pytest.fixture
def closed_port() -> int:
    """A port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
