"""One-off jobs of a release, in its own image: checks, migrations, static files."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources

from ecluse.deploy.targets.swarm import one_off_jobs, stackfile
from ecluse.deploy.targets.swarm.api import Api
from ecluse.deploy.targets.swarm.job_output import JobOutput
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.deploy.targets.swarm.release import SwarmRelease
from ecluse.deploy.targets.swarm.stack_services import Services
from ecluse.errors import CommandError, TargetError
from ecluse.migrations import bundle

__all__ = ["Once"]

STAGE_SECONDS = 900.0

_FILES = "/run/ecluse"


class Once:
    """Runs programs of ecluse as jobs of a swarm. They reach the container as configs."""

    def __init__(
        self, api: Api, objects: Objects, services: Services, output: JobOutput, say: Callable[[str], None]
    ) -> None:
        self._api, self._objects, self._services, self._output, self._say = api, objects, services, output, say

    def files(self, release: SwarmRelease, command: str, *kept: str, name: str = "files") -> list[str]:
        """Bring the release's image to the nodes, and its static files to the volume of the front server, by *command*
        of static.py. Returns the lines that the job printed.
        """
        names = stackfile.roles(release.stack, release.image)
        static = next((name for name, role in names.items() if role == stackfile.STATIC), None)
        if static is None:
            template, argv, configs = release.tasks[0], ["true"], {}
        else:
            script = self._objects.ensure("static.py", _script("ecluse.deploy.targets.swarm", "static.py"), "configs")
            source, volume = stackfile.static_folders(release.stack, static)
            argv = ["python", f"{_FILES}/static.py", command, release.id, source, volume, *kept]
            template, configs = static, {f"{_FILES}/static.py": script}
        content = stackfile.job(
            release.stack, template, name=name, command=argv, everywhere=True, configs=configs, volumes=bool(static)
        )
        try:
            return one_off_jobs.run(
                self._api,
                self._services.name(name),
                lambda: self._services.deploy(content),
                timeout=STAGE_SECONDS,
                lost=lambda names: self._say(f"{', '.join(names)} is down: it is left out, and gets nothing of this"),
            )
        except CommandError as error:
            raise TargetError(
                f"the images or static files of release {release.id} are not on every node: {error.what}",
                hint="can that node reach the registry, and has it room?",
            ) from None

    def migrations(
        self,
        release: SwarmRelease,
        *arguments: str,
        name: str,
        timeout: float,
        until: str | None = None,
        facts: str | None = None,
        keep: bool = True,
    ) -> list[str]:
        """Run what judges and applies migrations once, in a container of the release. Returns the lines it printed.
        *name* is the job's, whose output is kept with *keep*; *facts* is the name that the engine has the facts of
        the serving release under.
        """
        names = stackfile.roles(release.stack, release.image)
        template = next((one for one, role in names.items() if role == stackfile.MIGRATE), release.web)
        path, known = f"{_FILES}/migrations.py", f"{_FILES}/facts.json"
        configs = {path: self._objects.ensure("migrations.py", bundle.script().encode(), "configs")}
        if facts is not None:
            configs[known] = facts
            arguments = (*arguments, "--facts", known)
        content = stackfile.job(
            release.stack,
            template,
            name=name,
            command=["ecluse", "wait", "DATABASE_URL", "--", "python", path, *arguments],
            configs=configs,
        )
        service = self._services.name(name)

        def run() -> list[str]:
            return one_off_jobs.run(
                self._api, service, lambda: self._services.deploy(content), timeout=timeout, until=until
            )

        try:
            lines = run()
        except one_off_jobs.NodeDown as error:
            if arguments[0] != "preflight":
                raise
            self._say(f"{error.what}: begun again on another machine")  # it changes nothing
            lines = run()
        except CommandError as error:
            if keep:
                self._output.keep(name, str(error).splitlines())
            raise
        if keep:
            self._output.keep(name, lines)
        return lines

    def clear(self) -> None:
        """End the jobs that a killed deployer has left. Only the lock holder may: its own jobs have not begun yet."""
        for name in self._services.jobs():
            one_off_jobs.remove(self._api, self._services.name(name))


def _script(package: str, name: str) -> bytes:
    return resources.files(package).joinpath(name).read_bytes()
