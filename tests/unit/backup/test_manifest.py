from __future__ import annotations

import pytest

from ecluse.backup.manifest import BackupManifest, SavedDatabase, SavedMedia
from ecluse.errors import BackupError

MANIFEST = BackupManifest(
    id="20261127-040000-ab12",
    environment="production",
    began="2026-11-27T04:00:00+00:00",
    release="r1",
    commit=None,
    database=SavedDatabase("s1", "0" * 64, 10, 18, {"public.shop_effect": 3}, ("shop.0001_initial",)),
    media=SavedMedia("s2", "/srv/media", 1, 5, {"a b.png": "1" * 64}),
)


def test_manifest_is_read_as_it_was_written() -> None:
    assert BackupManifest.from_json(MANIFEST.as_json()) == MANIFEST


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", MANIFEST.as_json()[:200], '{"database": 1, "media": 2}'])
def test_damaged_manifest_is_refused(text: str) -> None:
    with pytest.raises(BackupError, match="cannot be read"):
        BackupManifest.from_json(text)
