"""The entries in Redis: written and read. With a real Redis: tests/integration/uploads."""

from collections import defaultdict
from contextlib import contextmanager
from datetime import timedelta

import pytest
from redis.exceptions import RedisError

from website.uploads.projections import ProjectionUnavailable
from website.uploads.projections.redis import Titles


class Memory:
    """The commands of Redis that are used. A transaction's are carried out at its end."""

    def __init__(self) -> None:
        self.texts = {}
        self.sets = defaultdict(dict)
        self.broken = False

    def mget(self, keys):
        if self.broken:
            raise RedisError("LOADING")
        return [self.texts.get(key) for key in keys]

    def scan_iter(self, match, count):
        yield from [key for key in self.texts if key.startswith(match.removesuffix("*"))]

    def zrevrange(self, name, start, stop):
        return sorted(self.sets[name], key=self.sets[name].get, reverse=True)[start : stop + 1]

    @contextmanager
    def pipeline(self, transaction):
        assert transaction
        yield Transaction(self)


class Transaction:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.asked = []

    def __getattr__(self, command):
        return lambda *arguments: self.asked.append((command, arguments))

    def execute(self):
        texts, sets = self.memory.texts, self.memory.sets
        carry_out = {
            "set": texts.__setitem__,
            "delete": lambda key: texts.pop(key, None),
            "zadd": lambda name, scores: sets[name].update(scores),
            "zrem": lambda name, member: sets[name].pop(member, None),
        }
        for command, arguments in self.asked:
            carry_out[command](*arguments)


@pytest.fixture
def titles():
    found = Titles("redis://127.0.0.1:1/0")
    found.client.close()
    found.client = Memory()
    return found


def test_tagged_titles_are_newest_first_for_all_or_one_owner(titles, adele, bruno, make_media):
    hers = make_media(adele, title="Le port", tags=["été", "port"])
    his = make_media(bruno, filename="plage.png", tags=["été"], created_at=hers.created_at + timedelta(seconds=1))
    titles.write([hers, his])
    assert titles.tagged("été", None, 10) == [
        {"id": str(his.pk), "title": "plage.png", "tags": ["été"]},
        {"id": str(hers.pk), "title": "Le port", "tags": ["été", "port"]},
    ]
    assert [one["title"] for one in titles.tagged("été", adele.user.pk, 10)] == ["Le port"]
    assert len(titles.tagged("été", None, 1)) == 1
    assert not titles.tagged("hiver", None, 10)
    assert {*titles.keys()} == {hers.pk, his.pk}


def test_rewritten_title_is_found_by_its_new_tags_only(titles, adele, make_media):
    media = make_media(adele, title="Le port", tags=["été"])
    titles.write([media])
    media.title, media.tags = "La plage", ["hiver"]
    titles.write([media])
    titles.write([media])
    assert not titles.tagged("été", None, 10)
    assert [one["title"] for one in titles.tagged("hiver", adele.user.pk, 10)] == ["La plage"]


def test_removed_title_leaves_nothing_even_if_unknown(titles, adele, make_media):
    media, other = make_media(adele, tags=["été"]), make_media(adele, tags=["été"])
    titles.write([media])
    titles.remove([media.pk, other.pk])
    assert not titles.client.texts
    assert not any(titles.client.sets.values())
    titles.write([])
    titles.remove([])


def test_refusing_redis_counts_as_unreachable(titles, adele, make_media):
    media = make_media(adele, tags=["été"])
    titles.write([media])
    titles.client.broken = True
    with pytest.raises(ProjectionUnavailable, match="Redis: LOADING"):
        titles.tagged("été", None, 10)
