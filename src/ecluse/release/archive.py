"""A release archive: the site's source, its locked requirements and its collected static files.

The id comes from the content (source, lock, Python, entry point), so packaging the same content again finds the
existing release. The digest is the archive's own, and is checked before the archive is used. A release does not
contain ecluse.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from ecluse.definition.model import Project, ReleaseSpec
from ecluse.errors import CommandError, ReleaseError
from ecluse.machine import durable, git, process, virtualenv
from ecluse.machine.newest import delete_abandoned, newest_first
from ecluse.outside.description import OUTSIDE, fingerprint, write
from ecluse.outside.processes import interpreter
from ecluse.release import build, collect, files, requirements

__all__ = ["PackagedRelease", "described", "find", "latest", "package", "unpack", "verify"]

FORMAT = 1
KEPT = 10
_LATEST = "latest"
_GUNICORN = "gunicorn.conf.py"

# Any constant will do that zip and every file system can hold; 1980-01-01, as in reproducible wheels.
_MTIME = 315532800


@dataclass(frozen=True)
class PackagedRelease:
    """A packaged release. *commit* is the commit it was made from; *dirty*: the tree had uncommitted changes.

    *digest* is the SHA-256 of the archive, *created* seconds since the epoch, *python* as in ``cpython-3.13``.
    *python_path* are the folders of its source, beside the top, that the site imports from; *root* is the folder that
    its processes run in. *without* are the builds that it lacks, each with the reason.
    """

    id: str
    digest: str
    python: str
    wsgi: str
    commit: str | None
    dirty: bool
    created: float
    archive: Path
    python_path: tuple[str, ...] = ()
    root: str = "."
    asgi: str = ""
    without: tuple[str, ...] = ()

    def manifest(self) -> dict[str, object]:
        """The description of the release that is written beside the archive."""
        values = asdict(self)
        del values["archive"]
        return values


def package(
    top: Path,
    spec: ReleaseSpec,
    store: Path,
    environ: Mapping[str, str],
    *,
    project: Project | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> PackagedRelease:
    """Make a release of the tree at *top*, or find it in *store* if it was made before.

    Files that git ignores are left out. With *project* the release is made with that project's Python, and has its
    settings from outside. *say* is called with messages about slow steps. Raises ReleaseError if a file that *spec*
    names is missing or the static files cannot be collected, and RepositoryError outside of a git repository.
    """
    built = [build.ensure(top, item, store.parent / "builds", environ, say=say) for item in spec.builds]
    without = tuple(one.skipped for one in built if one.skipped)
    chosen = files.chosen(top, spec, [name for one in built for name in one.files])
    gunicorn = os.path.normpath(os.path.join(project.folder if project is not None else ".", _GUNICORN))
    if (top / gunicorn).is_file() and gunicorn not in chosen:
        say(f"{gunicorn} is not among the release's files in pipeline.py: the site runs without it")
    wanted = requirements.read(top, spec.requirements)
    release_id = _id(top, chosen, wanted.requirements, spec, project)
    try:
        # Made before; but the commit may be another, with the same content.
        release = verify(find(store, release_id))
    except ReleaseError:
        store.mkdir(parents=True, exist_ok=True)
        release = _make(top, spec, project, chosen, wanted, release_id, without, store, environ, say)
        _prune(store)
    durable.write(store / _LATEST, release.id + "\n")
    return release


def latest(store: Path) -> PackagedRelease:
    """The release that was packaged last."""
    try:
        return find(store, (store / _LATEST).read_text(encoding="ascii", errors="replace").strip())
    except FileNotFoundError:
        raise ReleaseError("no release has been packaged yet", hint="./ecluse package makes one") from None


def find(store: Path, release_id: str) -> PackagedRelease:
    """The packaged release with the id *name*, or the only one whose id begins with it. Raises ReleaseError if there
    is none.
    """
    known = sorted(path.stem for path in store.glob("*.json"))
    matching = [name for name in known if name.startswith(release_id)] if release_id else []
    if len(matching) != 1:
        hint = f"packaged here: {', '.join(known)}" if known else "nothing is packaged here; ./ecluse package"
        raise ReleaseError(
            f"{'more than one' if matching else 'no'} release {release_id!r}", where=str(store), hint=hint
        )
    return described(store / f"{matching[0]}.json", store / f"{matching[0]}.tar")


def described(manifest: Path, archive: Path) -> PackagedRelease:
    """The release that the file *manifest* describes. Raises ReleaseError where the file is broken."""
    values = {"python_path": ("src",), **(durable.read_json(manifest) or {})}  # as it was before there was the field
    try:
        found = PackagedRelease(**values, archive=archive)
        texts = (found.id, found.digest, found.python, found.wsgi, found.asgi, found.root, *found.python_path)
        commit = found.commit is None or isinstance(found.commit, str)
        if not (commit and durable.is_time(found.created) and all(isinstance(text, str) for text in texts)):
            raise TypeError("this is not the manifest of a release")
    except TypeError:
        raise ReleaseError("the manifest of the release is broken", where=str(manifest)) from None
    return found


def verify(release: PackagedRelease) -> PackagedRelease:
    """*release*, after checking its archive's digest. Raises ReleaseError if the archive was changed or is missing."""
    try:
        with open(release.archive, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        digest = "missing"
    if digest != release.digest:
        raise ReleaseError(
            f"the archive of release {release.id} was changed after it was packaged"
            f" ({digest[:12]}, not {release.digest[:12]})",
            where=str(release.archive),
            hint="delete it and package the release again",
        )
    return release


def unpack(release: PackagedRelease, folder: Path) -> None:
    """Unpack the release's content into the new *folder*: ``app``, ``static``, and the lock ``requirements.txt``."""
    with tarfile.open(verify(release).archive) as archive:
        for member in archive:
            if not _stays_inside(member):
                raise ReleaseError(f"{member.name} leads out of the release", where=str(release.archive))
        if hasattr(tarfile, "data_filter"):
            archive.extractall(folder, filter="data")
        else:  # Python 3.11.0 to 3.11.3, as in Debian 12
            archive.extractall(folder)


def _stays_inside(member: tarfile.TarInfo) -> bool:
    """Whether *member* is a file inside of the archive, or a link to one."""
    if not (member.isfile() or member.issym()):
        return False
    place = PurePosixPath(member.name)
    leads_to = os.path.normpath(place.parent / member.linkname) if member.issym() else "."
    return not (place.is_absolute() or ".." in place.parts or leads_to.startswith(("/", "..")))


def _id(top: Path, chosen: Sequence[str], wanted: bytes, spec: ReleaseSpec, project: Project | None = None) -> str:
    recipe = [str(FORMAT), _python_of(project), spec.wsgi, spec.settings, hashlib.sha256(wanted).hexdigest()]
    recipe += [f"asgi {spec.asgi}"] if spec.asgi else []
    recipe += spec.python_path
    if project is not None:
        recipe += [project.folder, fingerprint(project)]
    identity = hashlib.sha256("\0".join(recipe).encode())
    for name in chosen:
        kind, content = files.content(top / name)
        identity.update(os.fsencode(f"\0{kind}\0{name}\0{hashlib.sha256(content).hexdigest()}"))
    return identity.hexdigest()[:12]


def _python_of(project: Project | None) -> str:
    """The Python that a release is made with, as ``cpython-3.13``."""
    return f"cpython-{project.python}" if project is not None and project.python else virtualenv.version()


def _make(
    top: Path,
    spec: ReleaseSpec,
    project: Project | None,
    chosen: Sequence[str],
    wanted: requirements.LockedRequirements,
    release_id: str,
    without: tuple[str, ...],
    store: Path,
    environ: Mapping[str, str],
    say: Callable[[str], None],
) -> PackagedRelease:
    scratch = Path(tempfile.mkdtemp(prefix=".making.", dir=store))
    try:
        # The static files are collected from a copy that holds the release's files and nothing else.
        for name in chosen:
            (scratch / "app" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(top / name, scratch / "app" / name, follow_symlinks=False)
        if project is not None:
            write(project, scratch / OUTSIDE)
        _collect_static(scratch, wanted.write(scratch), spec, project, store, environ, say)
        made = scratch / "release.tar"
        with tarfile.open(made, "w", format=tarfile.PAX_FORMAT) as archive:
            for name in _contents(scratch):
                _add(archive, scratch / name, name)
        with open(made, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        commit, dirty = _commit(top, (*spec.files, *wanted.files))
        archive_path = store / f"{release_id}.tar"
        release = PackagedRelease(
            release_id,
            digest,
            _python_of(project),
            spec.wsgi,
            commit,
            dirty,
            round(time.time(), 3),
            archive_path,
            spec.python_path,
            project.folder if project is not None else ".",
            spec.asgi,
            without,
        )
        made.replace(archive_path)
        durable.write_json(store / f"{release_id}.json", release.manifest())
        return release
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _contents(scratch: Path) -> Iterator[str]:
    for part in ("app", OUTSIDE, "static", requirements.REQUIREMENTS, requirements.CONSTRAINTS):
        path = scratch / part
        inside = sorted(found for found in path.rglob("*") if found.is_symlink() or not found.is_dir())
        for found in inside or ([path] if path.is_file() else []):
            if "__pycache__" not in found.parts:
                yield str(found.relative_to(scratch))


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    """Add one file without the facts that differ between machines: times, owners, the umask."""
    kind, content = files.content(path)
    member = tarfile.TarInfo(name)
    member.mtime, member.mode = _MTIME, 0o755 if kind == "executable" else 0o644
    if kind == "link":
        member.type, member.linkname = tarfile.SYMTYPE, os.fsdecode(content)
        archive.addfile(member)
    else:
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))


def _collect_static(
    scratch: Path,
    requirements: Path,
    spec: ReleaseSpec,
    project: Project | None,
    store: Path,
    environ: Mapping[str, str],
    say: Callable[[str], None],
) -> None:
    environments = store.parent / "venvs"
    base = interpreter(project, environ) if project is not None else None
    if not (environments / virtualenv.key(requirements.read_bytes(), base)).is_dir():
        say(f"installing {spec.requirements}")
    python = virtualenv.ensure(environments, requirements, environ, python=base) / "bin" / "python"
    say("collecting static files")
    app = scratch / "app"
    folders = [scratch / OUTSIDE] if project is not None else []
    variables = {
        **(project.env if project is not None else {}),
        "PATH": environ.get("PATH", os.defpath),
        "PYTHONPATH": os.pathsep.join(map(str, [*folders, app, *(app / one for one in spec.python_path)])),
        "DJANGO_SETTINGS_MODULE": spec.settings,
        "DJANGO_STATIC_ROOT": str(scratch / "collected"),
        # The settings of production refuse to load without these; no static file depends on them.
        "DJANGO_SECRET_KEY": os.urandom(32).hex(),
        "DJANGO_ALLOWED_HOSTS": "localhost",
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    }
    cache = store.parent / "static"
    try:
        printed = process.read(
            (python, "-P", Path(collect.__file__), cache), cwd=_root(app, project), env=variables
        ).text
        collected = Path(printed.splitlines()[-1])
        os.utime(collected)
        shutil.copytree(collected, scratch / "static", copy_function=os.link)
        # The newest few are kept: going back and forth between two states finds both.
        for old in newest_first(cache.iterdir())[KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
    except CommandError as error:
        raise ReleaseError(
            f"its static files cannot be collected: {error}",
            hint="the release has only the files that pipeline.py names",
        ) from None


def _root(app: Path, project: Project | None) -> Path:
    return app / project.folder if project is not None else app


def _commit(top: Path, places: Sequence[str]) -> tuple[str | None, bool]:
    """The commit that is checked out (None before the first), and whether anything in *places* differs from it."""
    commit = git.head(top)
    paths = [f":(literal){path}" for path in places if not os.path.isabs(path)]
    return commit, commit is None or bool(git.read(top, "status", "--porcelain", "--", *paths))


def _prune(store: Path) -> None:
    for archive in newest_first(store.glob("*.tar"))[KEPT:]:
        archive.with_suffix(".json").unlink(missing_ok=True)
        archive.unlink(missing_ok=True)
    delete_abandoned((*store.glob(".making.*"), *(store.parent / "venvs").glob("making.*")))
