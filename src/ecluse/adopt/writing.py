"""The files that adopting a project writes: its pipeline.py, two locks, and a word in .gitignore."""

from __future__ import annotations

import json
import pprint
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ecluse.adopt import settings_module
from ecluse.adopt.celery_tasks import CeleryTasks
from ecluse.adopt.frontend import NODE_LOCK, Frontend
from ecluse.adopt.look import Found
from ecluse.adopt.overrides import Override
from ecluse.definition.model import Project, Worker
from ecluse.services.kinds import KINDS

__all__ = [
    "NO_DATABASE",
    "SITE_LOCK",
    "TESTS_LOCK",
    "Adoption",
    "files",
    "headed",
    "pipeline",
    "project",
    "source_of",
]

SITE_LOCK = "requirements/ecluse-site.txt"
TESTS_LOCK = "requirements/ecluse-tests.txt"

NO_DATABASE = "postgres://nobody@127.0.0.1:1/none"
"""The address of a database that is not there, for commands that need none."""

# The versions of services that a project's settings name without one.
_VERSIONS = {"redis": "8", "rabbitmq": "4"}

_MARK = "Written by `ecluse adopt`"


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """The parts of a project that go into its pipeline: the *checks* that pass today, the steps *before* its tests, and
    which *branch* its changes go to, and the *provider* that runs its jobs. *has_tests* is false where its suite ran
    none. *services* are the kinds of services that its settings name. *warnings* are what Django's checks for a
    deployment say today, by id.
    """

    found: Found
    overrides: tuple[Override, ...]
    branch: str
    checks: tuple[tuple[str, ...], ...]
    before: tuple[tuple[str, ...], ...]
    has_tests: bool
    provider: str
    release: tuple[str, ...]
    tasks: CeleryTasks | None = None
    services: tuple[str, ...] = ()
    frontend: Frontend = Frontend()
    warnings: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def project(planned: Adoption) -> Project:
    """The field ``project`` of the pipeline: how the project is run."""
    found = planned.found
    return Project(
        settings=_settings(planned),
        lock=TESTS_LOCK,
        folder=found.folder,
        python=found.python,
        env={**_given(found), **found.switch.fixed},
        database=found.switch.parts if found.switch.own else {},
        overrides={one.name: one.value for one in planned.overrides if not one.service},
        without={
            kind: {one.name: one.value for one in planned.overrides if one.service == kind} for kind in planned.services
        },
    )


def files(planned: Adoption, ignored: str) -> dict[str, str]:
    """The content of each file to write, by its path from the top. *ignored* is what .gitignore has now."""
    locks = planned.found.locks
    written = {
        "pipeline.py": pipeline(planned),
        SITE_LOCK: headed(planned.found.declared, locks.site),
        TESTS_LOCK: headed(planned.found.declared, locks.tests),
    }
    if planned.frontend.outputs:
        written[NODE_LOCK] = headed("package.json", planned.frontend.lock)
    missing = [line for line in ("/.ecluse/",) if line not in ignored.splitlines()]
    if missing:
        before = ignored if not ignored or ignored.endswith("\n") else f"{ignored}\n"
        written[".gitignore"] = before + "\n".join(missing) + "\n"
    return written


def headed(source: str, lock: str) -> str:
    """*lock* below a line that says what it was made of, and how to renew it."""
    return f"# {_MARK} from {source}. Renew it: ./ecluse lock\n{lock}"


def source_of(lock: str) -> str:
    """The file that a lock was made from, read from its first line."""
    found = re.match(rf"# {_MARK} from (.+)\. Renew it", lock)
    return found[1] if found else ""


def pipeline(planned: Adoption) -> str:
    """pipeline.py, as a person would write it for this project."""
    return "\n".join([*_head(planned), "", *_variables(planned), *_warnings(planned), *_pipeline(planned)]) + "\n"


def _head(planned: Adoption) -> Iterator[str]:
    found = planned.found
    where = "at the top" if found.folder == "." else f"in {found.folder}"
    yield f'"""How a change to {_name(planned)} gets from a pull request to its users. {_MARK}; change it as you like.'
    yield ""
    answer = found.answer
    yield f"Found: Django {answer.django} {where}, settings {answer.module}, requirements in {found.declared}."
    if found.others:
        yield f"Passed over: the manage.py in {', '.join(found.others)}."
    for note in planned.notes:
        yield from _wrapped(f"{note[0].upper()}{note[1:]}.")
    yield '"""'
    yield ""
    yield from _imports(planned)


def _wrapped(text: str, width: int = 118) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and len(line) + len(word) + 1 > width:
            yield line
            line = "  " + word
        else:
            line = f"{line} {word}" if line else word
    if line:
        yield line


def _imports(planned: Adoption) -> Iterator[str]:
    names = ["Environment", "Job", "Pipeline", "Project", "Providers", "ReleaseSpec"]
    names += ["Build"] if planned.frontend.outputs else []
    names += ["Output"] if _reports(planned) else []
    names += ["Service"] if planned.has_tests else []
    names += ["Worker"] if _workers(planned) else []
    yield "from ecluse import ("
    words = ["any_of", "ecluse", "project", "pull_request", "push", "ship"]
    yield from (f"    {name}," for name in [*sorted(names), *words])
    yield ")"


def _given(found: Found) -> dict[str, str]:
    """The variables that the settings need; the module has a field of its own."""
    return {name: value for name, value in found.variables.given.items() if name != settings_module.VARIABLE}


def _addresses(found: Found) -> dict[str, str]:
    """The variables that have a database's address or a part of it: an environment has a database of its own."""
    given = _given(found)
    return {name: given[name] for name in given if name == "DATABASE_URL" or name in found.switch.parts}


def _plain(found: Found) -> dict[str, str]:
    """The variables that the project gets everywhere."""
    addresses = _addresses(found)
    return {name: value for name, value in _given(found).items() if name not in addresses}


def _variables(planned: Adoption) -> Iterator[str]:
    given = _plain(planned.found)
    if not given:
        return
    yield "# What the settings read from the environment, with values for tests and for this machine."
    secrets = [name for name in planned.found.variables.secrets if name in given]
    if secrets:
        yield from (f"# {line}" for line in _wrapped(f"Never a real value: {', '.join(secrets)}.", 116))
    yield "VARIABLES = {"
    yield from (f"    {_text(name)}: {_text(value)}," for name, value in given.items())
    yield "}"
    yield ""


def _warnings(planned: Adoption) -> Iterator[str]:
    if not planned.warnings:
        return
    yield "# Warnings of `manage.py check --deploy` at adoption. In an environment that faces the world, any other"
    yield "# warning refuses a rollout. Mend them one by one, and delete each line then."
    yield "KNOWN_WARNINGS = ("
    for name, says in planned.warnings.items():
        yield f"    {_text(name)}," + (f"  # {textwrap.shorten(says, 80, placeholder=' …')}" if says != name else "")
    yield ")"
    yield ""


def _pipeline(planned: Adoption) -> Iterator[str]:
    found = planned.found
    branch = _text(planned.branch)
    yield f"shared = any_of(pull_request({branch}), push({branch}))"
    yield "change = any_of(shared, ship())"
    yield ""
    yield "pipeline = Pipeline("
    yield f"    name={_text(_name(planned))},"
    yield from _indented(_services(planned), 1)
    yield from _indented(_project(planned), 1)
    yield "    jobs=("
    yield from _indented(_jobs(planned), 2)
    yield "    ),"
    yield from _indented(_environments(planned), 1)
    yield "    release=ReleaseSpec("
    yield f"        files={_tuple(planned.release)},"
    yield from _indented(_builds(planned.frontend), 2)
    yield f"        requirements={_text(SITE_LOCK)},"
    served = found.application
    yield f"        {'asgi' if served.asgi else 'wsgi'}={_text(served.path)}," + (
        f"  # {served.why}" if served.why else ""
    )
    yield f"        settings={_text(found.answer.module)},"
    if found.folder != ".":
        yield f"        python_path={_tuple([found.folder])},"
    yield "    ),"
    yield f"    providers=Providers(only={_tuple([planned.provider])}, python={_text(found.python)}),"
    yield ")"


def _services(planned: Adoption) -> Iterator[str]:
    if not planned.has_tests:
        return
    yield "services=("
    yield '    Service(name="postgres", kind="postgres", version="18"),'
    for kind in planned.services:
        variable = KINDS[kind].variable
        yield f"    # On a machine without {variable} the tests run without it: see `without` of the project."
        yield f'    Service(name="{kind}", kind="{kind}", version="{_VERSIONS[kind]}", sources=("given", "absent")),'
    yield "),"


def _project(planned: Adoption) -> Iterator[str]:
    found = planned.found
    yield "project=Project("
    yield f"    settings={_text(_settings(planned))},"
    yield f"    lock={_text(TESTS_LOCK)},"
    if found.folder != ".":
        yield f"    folder={_text(found.folder)},"
    yield f"    python={_text(found.python)},{_because(found.python_source)}"
    addresses = _addresses(found)
    if addresses:
        yield "    # No database is at that address: the settings load with it where a command needs none."
    yield from _env(found, {**addresses, **found.switch.fixed}, "    ")
    if found.switch.own:
        yield "    # The project's own variables for its database, and the part of the address that each gets."
        yield f"    database={_mapping(found.switch.parts)},"
    else:
        yield "    # The project has no variable for its database: the settings get it from outside."
    yield "    overrides={"
    yield from _indented(_overrides(planned, ""), 2)
    yield "    },"
    if planned.services:
        yield "    # With the service, the addresses of its kind in the settings become its own."
        yield "    without={"
        for kind in planned.services:
            inside = list(_overrides(planned, kind))
            yield f"        {_text(kind)}: {{" + ("" if inside else "},")
            yield from _indented(iter(inside), 3)
            yield from ["        },"] if inside else []
        yield "    },"
    yield "),"


def _overrides(planned: Adoption, service: str) -> Iterator[str]:
    """The settings that are set without the *service*; those that are set everywhere where it is empty."""
    for one in planned.overrides:
        if one.service == service:
            yield f"{_text(one.name)}: {_value(one.value)},  # {one.why}"


def _env(found: Found, beside: Mapping[str, str], indent: str) -> Iterator[str]:
    """The field ``env``: the variables of the project, and those *beside* them."""
    pairs = ", ".join(f"{_text(name)}: {_text(value)}" for name, value in beside.items())
    if _plain(found):
        yield f"{indent}env={f'{{**VARIABLES, {pairs}}}' if pairs else 'VARIABLES'},"
    elif pairs:
        yield f"{indent}env={{{pairs}}},"


def _jobs(planned: Adoption) -> Iterator[str]:
    # All files: a job of a project that nobody has looked at may read any of them.
    inputs = '("**",)'
    needs = []
    if planned.checks:
        needs.append("checks")
        yield "Job("
        yield '    name="checks",'
        yield '    description="Django\'s own checks",'
        yield "    when=change,"
        yield "    steps=("
        yield "        # No database is there: it would only be asked for its history."
        yield from (
            f"        project({_arguments(step)}, DATABASE_URL={_text(NO_DATABASE)})," for step in planned.checks
        )
        yield "    ),"
        yield f"    inputs={inputs},"
        yield "),"
    if planned.has_tests:
        needs.append("tests")
        yield "Job("
        yield '    name="tests",'
        yield '    description="the tests on a real PostgreSQL",'
        yield "    when=change,"
        yield f"    services={_tuple(['postgres', *planned.services])},"
        yield "    steps=("
        yield from (f"        project({_arguments(step)})," for step in planned.before)
        yield f"        project({_arguments(_tests(planned))}),"
        yield "    ),"
        yield f"    inputs={inputs},"
        if _reports(planned):
            yield '    outputs=(Output(path="junit.xml", kind="junit"),),'
        yield "    timeout=3600,"
        yield "),"
    yield "# Refuses YAML of a provider that was edited by hand."
    yield 'Job(name="render", when=shared, steps=(ecluse("render", "--check"),)),'
    yield "# ./ecluse ship: a release, and its rollout on this machine."
    yield 'Job(name="package", when=ship(), steps=(ecluse("package"),)),'
    yield "Job("
    yield '    name="deploy-local",'
    yield "    when=ship(),"
    yield f"    needs={_tuple([*needs, 'package'])},"
    yield '    environment="local",'
    yield '    steps=(ecluse("deploy", "local"),),'
    yield "),"


def _builds(frontend: Frontend) -> Iterator[str]:
    if not frontend.outputs:
        return
    yield "builds=("
    for output in frontend.outputs:
        yield "    Build("
        yield f"        output={_text(output)},"
        yield f"        folder={_text(frontend.folder)},"
        yield f"        steps=({', '.join(map(_tuple, frontend.steps))}),"
        if frontend.sources:
            yield f"        sources={_tuple(frontend.sources)},"
        yield '        tool="node",'
        yield f"        version={_text(frontend.node)},"
        yield f"        lock={_text(NODE_LOCK)},  # Node.js, where the machine has none or an older one"
        yield "    ),"
    yield "),"


def _environments(planned: Adoption) -> Iterator[str]:
    found = planned.found
    yield "environments=("
    yield "    Environment("
    yield '        name="local",'
    yield '        target="server",'
    yield f"        settings={_text(found.answer.module)},"
    yield '        url="http://127.0.0.1:8000",'
    yield from _env(found, found.switch.fixed, "        ")
    yield '        page="/",  # asked before visitors are let in, with the database and the migrations'
    yield "        faces_world=False,"
    if planned.warnings:
        yield "        known_warnings=KNOWN_WARNINGS,"
    yield "        watch=1,"
    yield from _indented(_beside(planned), 2)
    yield "    ),"
    yield "),"


def _beside(planned: Adoption) -> Iterator[str]:
    """The workers of background tasks, and the broker's address, which the caller's variable has."""
    workers, tasks = _workers(planned), planned.tasks
    if not workers or tasks is None:
        return
    if tasks.variable:
        yield f"secrets=({_text(tasks.variable)},),  # the broker's address: given to the command that rolls out"
    yield "workers=("
    for worker in workers:
        yield "    Worker("
        yield f"        name={_text(worker.name)},"
        yield f"        command={_tuple(worker.command)},"
        if worker.alone:
            yield "        alone=True,"
        yield "    ),"
    yield "),"


def _workers(planned: Adoption) -> tuple[Worker, ...]:
    return planned.tasks.workers if planned.tasks else ()


def _settings(planned: Adoption) -> str:
    how = planned.found.suite
    return how.settings or planned.found.answer.module


def _tests(planned: Adoption) -> tuple[str, ...]:
    how = planned.found.suite
    return (*how.command, "--junit-xml={output}/junit.xml") if how.is_pytest else (*how.command, "--noinput")


def _reports(planned: Adoption) -> bool:
    return planned.has_tests and planned.found.suite.is_pytest


def _name(planned: Adoption) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", planned.found.top.name.lower()).strip("-") or "site"


def _because(source: str) -> str:
    return f"  # as {source} asks" if source else ""


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _value(value: object) -> str:
    if isinstance(value, str):
        return _text(value)
    return pprint.pformat(value, width=200, compact=True).replace("'", '"')


def _tuple(values: Sequence[str]) -> str:
    return f"({', '.join(map(_text, values))}{',' if len(values) == 1 else ''})"


def _mapping(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{_text(name)}: {_text(value)}" for name, value in values.items()) + "}"


def _arguments(argv: Sequence[str]) -> str:
    return ", ".join(map(_text, argv))


def _indented(lines: Iterator[str], depth: int) -> Iterator[str]:
    return (f"{'    ' * depth}{line}" if line else line for line in lines)
