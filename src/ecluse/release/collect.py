"""Collects the static files of a release. Runs in the release's own Python, without ecluse: hence one file.

    python collect.py CACHE     prints the folder in CACHE that has the files, collected now or earlier

Collecting hashes and compresses every file, which takes seconds, and most changes touch none. So what goes in is asked
of Django's own finders, and the same files with the same settings are collected once.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["main"]


def main(cache: Path) -> Path:
    """Collect the static files, unless that was done before. Returns the folder that has them: an empty one for a site
    without Django's application for static files.
    """
    try:
        import django
    except ModuleNotFoundError:
        sys.exit("the locked requirements have no Django")
    from django.apps import apps
    from django.core.management import call_command

    django.setup()
    if not apps.is_installed("django.contrib.staticfiles"):
        (cache / "none").mkdir(parents=True, exist_ok=True)
        return cache / "none"
    collected = cache / _key()
    if not collected.is_dir():
        from django.conf import settings

        root = Path(settings.STATIC_ROOT)
        call_command("collectstatic", interactive=False, verbosity=0)
        cache.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".collecting.", dir=cache))
        shutil.copytree(root, scratch, dirs_exist_ok=True)
        try:
            scratch.rename(collected)
        except OSError:  # another process was faster
            shutil.rmtree(scratch)
    return collected


def _key() -> str:
    """The hash of everything that decides what is collected: files, settings, and the code of the storage."""
    digest = hashlib.sha256()
    for part in _parts():
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:24]


def _parts() -> Iterator[bytes]:
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.contrib.staticfiles.storage import staticfiles_storage

    names = sorted(name for name in dir(settings) if name.startswith(("STATIC", "STORAGES", "WHITENOISE")))
    for name in names:
        if name != "STATIC_ROOT":
            # Without the folder that the release is unpacked in, which is another one each time.
            yield f"{name}={getattr(settings, name)!r}".replace(os.getcwd(), "").encode()
    # The site's own storage may do anything; those of installed packages are named by the lock, which names the Python.
    yield sys.prefix.encode()
    # Django's name for it is a proxy: it tells the class behind it, where type() would tell its own.
    for base in staticfiles_storage.__class__.__mro__:
        source = inspect.getsourcefile(base) if base.__module__ != "builtins" else None
        if source is not None and Path(source).is_relative_to(os.getcwd()):
            yield Path(source).read_bytes()
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda found: str(found[0])):
            yield os.fsencode(f"{getattr(storage, 'prefix', None)}/{path}")
            with storage.open(path) as file:
                yield hashlib.sha256(file.read()).digest()


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
