"""The probe of Redis: it answers PING, to the user of the address, in its database.

The protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

from __future__ import annotations

from ecluse.probes import NotReady
from ecluse.probes.address import Address
from ecluse.probes.sockets import open_connection, read

__all__ = ["ask", "command"]


def ask(address: Address, timeout: float) -> None:
    """Send AUTH if there is a password, SELECT if there is a database, then PING."""
    commands: list[tuple[str, ...]] = [("PING",)]
    if address.path.strip("/"):
        commands.insert(0, ("SELECT", address.path.strip("/")))
    if address.password.reveal():
        user = (address.user,) if address.user else ()
        commands.insert(0, ("AUTH", *user, address.password.reveal()))
    with open_connection(address, timeout) as connection:
        for words in commands:
            connection.sendall(command(*words))
            line = bytearray()
            while not line.endswith(b"\r\n"):
                line += read(connection, 1)
                if len(line) > 512:
                    raise NotReady("this does not speak Redis's protocol")
            # "-LOADING Redis is loading the dataset in memory", "-NOAUTH Authentication required."
            if not line.startswith(b"+"):
                raise NotReady(f"{words[0]}: {line.decode(errors='replace').strip().lstrip('-')}")


def command(*words: str) -> bytes:
    """*words* as an array of bulk strings, the form of a Redis command."""
    parts = [b"*%d\r\n" % len(words)]
    for word in map(str.encode, words):
        parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(parts)
