"""The output of a task is read on from its newest piece."""

from __future__ import annotations

from typing import Any

from ecluse.deploy.targets.swarm.following import Followed


class Engine:
    """The log of one task: *pieces* are a time and a text. *asked* are the times from which it was read."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, bytes]] = []
        self.asked: list[object] = []

    def read(self, path: str, *, since: object, timestamps: int, **query: object) -> bytes:
        assert path == "/services/shop_exec-1/logs" and timestamps
        self.asked.append(since)
        stream = b""
        for time, text in self.pieces:
            if not since or f"2001-09-09T01:46:{40 + int(str(since)[9]):02}.{str(since)[11:]}Z" <= time:
                payload = time.encode() + b" " + text
                stream += b"\x01\0\0\0" + len(payload).to_bytes(4, "big") + payload
        return stream


def test_each_piece_is_read_once_also_those_of_one_time() -> None:
    engine: Any = Engine()
    output = Followed(engine, "/services/shop_exec-1")
    assert output.look() == ""
    first, second = "2001-09-09T01:46:41.000000007Z", "2001-09-09T01:46:42.100000000Z"
    engine.pieces += [(first, b"one\n"), (second, b"a long l\xc3")]
    assert output.look() == "one\na long l"
    engine.pieces += [(second, b"\xafne\n")]
    assert output.look() == "\xefne\n"
    engine.pieces += [(second, b"one\n")]
    assert output.look() == "one\n"
    assert output.look() == ""
    assert engine.asked == [0, 0, *["1000000002.100000000"] * 3]
