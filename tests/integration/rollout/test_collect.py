"""The program that collects a release's static files, in the release's own Python: run as a rollout runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.unpacked import Unpacked

pytestmark = pytest.mark.counted


@pytest.fixture
def release(tmp_path: Path) -> Unpacked:
    """The project; no database is asked."""
    return Unpacked(tmp_path, "postgres://nobody@127.0.0.1:1/shop")


class TestCollect:
    def test_files_are_collected_hashed_and_compressed(self, release: Unpacked) -> None:
        names = {path.name for path in release.collected().iterdir()}
        assert {"shop.css", "shop.css.gz", "staticfiles.json"} <= names
        assert any(name.startswith("shop.") and name.count(".") == 2 and name.endswith(".css") for name in names)

    def test_unchanged_static_files_are_collected_once(self, release: Unpacked) -> None:
        first = release.collected()
        (first / "mark").touch()
        release.write("views.py", "# no static file depends on this\n")
        assert release.collected() == first
        assert (first / "mark").is_file(), "it was collected again"

    @pytest.mark.parametrize("change", ["file", "setting", "storage"])
    def test_changed_static_file_or_storage_is_collected_again(self, release: Unpacked, change: str) -> None:
        settings = (release.app / "shop" / "settings.py").read_text()
        own = settings.replace("whitenoise.storage.Compressed", "shop.storage.Compressed")
        storage = "from whitenoise.storage import CompressedManifestStaticFilesStorage  # noqa: F401\n"
        storage += "class CompressedManifestStaticFilesStorage(CompressedManifestStaticFilesStorage):\n    pass\n"
        release.write("settings.py", own)
        release.write("storage.py", storage)
        first = release.collected()
        if change == "file":
            release.write("static/shop.css", "body { color: red }")
        elif change == "setting":
            release.write("settings.py", own.replace('"/static/"', '"/files/"'))
        else:
            release.write("storage.py", storage + "    manifest_strict = False\n")
        assert release.collected() != first
        assert first.is_dir(), "the release before may still be made of it"
