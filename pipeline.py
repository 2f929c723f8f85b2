"""How a change to this repository gets from a pull request to users. Read this file first.

`./ecluse plan` shows what an event would run, `./ecluse run JOB` runs a job, `./ecluse ship` brings what is checked out
into service on this machine.
"""

from itertools import product
from typing import Any

from ecluse import (
    Build,
    Environment,
    ImageSpec,
    Job,
    Lock,
    Output,
    Pipeline,
    Providers,
    ReleaseSpec,
    Service,
    Setup,
    any_of,
    command,
    ecluse,
    merge_group,
    pull_request,
    push,
    ship,
    tag,
    tox,
)

SITE = ("manage.py", "settings/**", "src/website/**")
TOOLS = ("pyproject.toml", "tox.ini", "requirements/*")
RENDERED = (".github/**", ".gitlab-ci.yml", ".travis.yml")
# What the tests of the site use of testbed: stand-ins of other services, and calls at the same moment.
STAND_INS = ("testbed/__init__.py", "testbed/standins/**", "testbed/load/**")
# What the tests of the site hold against it: the description of the API, the client's lock and its French texts, the
# pages of the settings and of the work in the background, the test runner that the settings of CI name.
DESCRIBED = (
    "docs/reference/background.md",
    "docs/reference/openapi.json",
    "docs/reference/settings.md",
    "frontend/package-lock.json",
    "frontend/src/app/i18n/fr.ts",
    "tests/runner.py",
)

# `./ecluse ship` lints and tests in parts, so that a change waits for what it can break and for nothing else. Style is
# each file's own: a part is some folders. An application's tests are a part without the tests of the others; Django
# loads all applications, so the sources of all are in each. Shared events run everything, on every Python and Django.
LINTED = (
    ("site", "the site", ("manage.py", "settings", "src/website")),
    (
        "rest",
        "the pipeline, the tests, the benchmarks and what builds the documentation",
        ("pipeline.py", "src/ecluse", "tests", "testbed", "benchmarks", "docs/conf.py"),
    ),
)
APPLICATIONS = {
    "store": "the record shop",
    "motos": "the motorcycles",
    "uploads": "the uploads",
    "weather": "the weather",
}


def only(*applications: str) -> tuple[str, ...]:
    """What leaves the tests of all applications but these out of a job's inputs."""
    return tuple(f"!tests/website/{name}" for name in APPLICATIONS if name not in applications)


TESTED = (
    *((name, what, (f"tests/website/{name}",), only(name)) for name, what in APPLICATIONS.items()),
    ("settings", "the settings", ("tests/website/settings",), only()),
    (
        "site",
        "all the rest",
        ("tests/website", *(f"--ignore-glob=*/{part}" for part in (*APPLICATIONS, "settings"))),
        (),
    ),
)

# Seconds. Travis ends a job after 50 minutes, whether or not several are one there.
SHORT = 300

# Two workers: what a provider's machine has, and most laptops.
SITE_TESTS = ("-n", "2", "--junit-xml={output}/junit.xml", "tests/website")

# The addresses that a maintenance page does not cover, beside the one that a rollout asks.
HEALTH = ("/ping/", "/healthcheck/")
SUPERUSER = ("USERNAME", "EMAIL", "PASSWORD")

# What is shared with others. `./ecluse ship` leaves what only they need to them.
merged = any_of(merge_group("staging"), push("staging"))
shared = any_of(pull_request("staging"), merged)
change = any_of(shared, ship())

# A pull request is pushed to many times: it has the oldest Python, production's and the newest. The others, and what
# takes longest, wait for the merge queue, which nothing passes that has not been green with all of them.
AT_ONCE = (("3.11", "5.2"), ("3.13", "5.2"), ("3.14", "6.1"))
LATER = (("3.12", "5.2"), ("3.12", "6.1"), ("3.13", "6.1"), ("3.14", "5.2"))


def legs(*chosen: tuple[str, str]) -> dict[str, Any]:
    """The fields of a job that runs on each of the *chosen* Pythons and Djangos."""
    pythons, djangos = (tuple(dict.fromkeys(axis)) for axis in zip(*chosen, strict=True))
    others = [pair for pair in product(pythons, djangos) if pair not in chosen]
    excluded = tuple({"python": python, "django": django} for python, django in others)
    return {"matrix": {"python": pythons, "django": djangos}, "exclude": excluded}


pipeline = Pipeline(
    name="ecluse",
    services=(
        Service(name="postgres", kind="postgres", version="18"),
        Service(name="postgres-container", kind="postgres", version="18", sources=("container",)),
    ),
    jobs=(
        Job(
            name="lint",
            description="flake8, black, import order",
            when=shared,
            together="quick",
            steps=(tox("lint-code"),),
            # isort looks into every file, since any may begin with #!python.
            inputs=(
                *(".gitignore", "pipeline.py", "src/**", "tests/**", "testbed/**", "benchmarks/**", "docs/conf.py"),
                *(*SITE, *TOOLS),
            ),
            timeout=SHORT,
        ),
        *(
            Job(
                name=f"lint-{part}",
                description=f"of lint, {what}",
                when=ship(),
                steps=(tox("lint-code", *paths),),
                inputs=(".gitignore", *paths, *TOOLS),
            )
            for part, what, paths in LINTED
        ),
        Job(
            name="types",
            description="mypy, strict",
            when=change,
            together="quick",
            steps=(tox("lint-types"),),
            inputs=("src/**/*.py", *SITE, *TOOLS),
            timeout=SHORT,
        ),
        Job(
            name="files",
            description="what is no Python: the providers' YAML against schemas and audits, the Dockerfile",
            when=change,
            together="quick",
            steps=(tox("lint-files"),),
            inputs=("Dockerfile", "**/*.yml", "**/*.yaml", ".yamllint", ".gitignore", *RENDERED, *TOOLS),
            timeout=SHORT,
        ),
        Job(
            name="checks",
            description="Django's checks, missing migrations, deployment settings",
            when=change,
            together="quick",
            steps=(tox("checks"),),
            inputs=(*SITE, *TOOLS),
            timeout=SHORT,
        ),
        Job(
            name="unit",
            description="the tool's unit tests",
            when=change,
            together="quick",
            steps=(tox("unit"),),
            inputs=("src/ecluse/**", "tests/unit/**", "tests/support/**", *TOOLS),
        ),
        Job(
            name="repository",
            description="this repository: rendered files, parts of the jobs, documents",
            when=shared,
            together="quick",
            steps=(tox("repository"),),
            # The documents may name any file.
            inputs=("**",),
        ),
        Job(
            name="docs",
            description="the documentation as a site; every link in it leads somewhere",
            when=shared,
            together="quick",
            steps=(tox("docs", "{output}/site"),),
            # A page may link to any file.
            inputs=("**",),
            outputs=(Output(path="site", kind="report"),),
            timeout=SHORT,
        ),
        *(
            Job(
                name=name,
                description=f"the site's tests on a real PostgreSQL{where}",
                when=when,
                services=("postgres",),
                **legs(*chosen),
                steps=(tox("py{python.digits}-django{django.digits}", *SITE_TESTS),),
                inputs=("**",),
                outputs=(Output(path="junit.xml", kind="junit"),),
            )
            for name, where, when, chosen in (
                ("tests", "", shared, AT_ONCE),
                ("other-pythons", ", on the other Pythons and Djangos", merged, LATER),
            )
        ),
        *(
            Job(
                name=f"tests-{part}",
                description=f"of the site's tests, those of {what}",
                when=ship(),
                services=("postgres",),
                # In one process each, and a tox environment of its own: what runs beside it has the other cores.
                steps=(tox(f"tests-{part}", "--junit-xml={output}/junit.xml", *folders),),
                inputs=("src/ecluse/**", "tests/website/**", *STAND_INS, *DESCRIBED, *SITE, *TOOLS, *left_out),
                outputs=(Output(path="junit.xml", kind="junit"),),
            )
            for part, what, folders, left_out in TESTED
        ),
        Job(
            name="tests-container",
            description="the same tests where a Docker engine is all there is: one leg",
            when=merged,
            services=("postgres-container",),
            matrix={"python": ("3.13",)},
            steps=(tox("py{python.digits}-django52", *SITE_TESTS),),
            inputs=("**",),
            outputs=(Output(path="junit.xml", kind="junit"),),
        ),
        Job(
            name="coverage",
            description="which lines of the sources the tests reach: under 90 % it fails",
            when=merged,
            steps=(tox("coverage", "{output}/coverage.xml"),),
            # Integration tests copy the repository.
            inputs=("**",),
            outputs=(Output(path="coverage.xml", kind="coverage"),),
            timeout=1200,
        ),
        Job(
            name="coverage-quick",
            description="the same without the integration tests, which take longest: it says, and does not judge",
            when=pull_request("staging"),
            steps=(tox("coverage-quick", "{output}/coverage.xml"),),
            inputs=("**",),
            outputs=(Output(path="coverage.xml", kind="coverage"),),
            timeout=1200,
        ),
        Job(
            name="compatibility",
            description="the tests of what serves, on the schema of this change",
            when=pull_request("staging"),
            services=("postgres",),
            steps=(tox("compatibility"),),
            history=True,
            timeout=1200,
        ),
        Job(
            name="frontend",
            description="the client of motos: rules, tests, build, and no drift from the API's description",
            when=shared,
            together="composed",
            steps=(command("docker", "build", "--target", "clienttests", "."),),
            inputs=(
                "frontend/**",
                "docs/reference/openapi.json",
                "src/website/static/**",
                "Dockerfile",
                ".dockerignore",
            ),
            engine=True,
        ),
        Job(
            name="e2e",
            description="a browser before the composed images; the API against its description",
            when=shared,
            together="composed",
            steps=(tox("e2e"),),
            # Its images are built of nearly all files.
            inputs=("**",),
            engine=True,
            browser=True,
            timeout=1800,
        ),
        Job(
            name="render",
            description="the providers' YAML is what this file renders to",
            when=shared,
            together="quick",
            steps=(ecluse("render", "--check"),),
            inputs=("pipeline.py", "src/ecluse/**", *RENDERED),
            timeout=SHORT,
        ),
        Job(
            name="image",
            description="the images of the commit: built, tested from outside, pushed as staging-COMMIT",
            when=push("staging"),
            needs=(
                *("lint", "types", "files", "checks", "unit", "repository", "docs", "render"),
                *("tests", "other-pythons", "tests-container", "coverage", "frontend", "e2e"),
            ),
            steps=(
                ecluse("image", "build", "--branch", "staging"),
                ecluse("image", "test"),
                ecluse("image", "push", "--branch", "staging"),
            ),
            secrets=("ECLUSE_REGISTRY",),
            engine=True,
            timeout=1800,
        ),
        Job(
            name="promote",
            description="the images of the tagged commit get their version: not built again",
            when=tag("v*"),
            steps=(ecluse("image", "promote"),),
            secrets=("ECLUSE_REGISTRY",),
        ),
        Job(
            name="publish",
            description="Écluse itself to the package index: built once, checked, used in a scratch project, uploaded",
            when=tag("v*"),
            steps=(
                command("uv", "build", "--out-dir", "{output}/dist"),
                tox("distribution", ECLUSE_DISTRIBUTION="{output}/dist"),
                command("uv", "publish", "--trusted-publishing", "always", "{output}/dist/*"),
            ),
            outputs=(Output(path="dist", kind="release"),),
            identity="pypi",
            timeout=1200,
        ),
        *(
            Job(
                name=f"deploy-{environment}",
                description=f"the images of the commit into service in {environment}",
                when=when,
                needs=(needs,),
                environment=environment,
                steps=(ecluse("deploy", environment),),
                secrets=("ECLUSE_REGISTRY",),
                engine=True,
                timeout=1800,
            )
            for environment, when, needs in (
                ("staging", push("staging"), "image"),
                ("production", tag("v*"), "promote"),
            )
        ),
        Job(
            name="package",
            description="a release of the site: archive, locked requirements, static files",
            when=ship(),
            steps=(ecluse("package"),),
        ),
        Job(
            name="deploy-local",
            description="the release into service on this machine",
            when=ship(),
            needs=(
                *(f"lint-{part}" for part, *_ in LINTED),
                *("types", "files", "checks", "unit"),
                *(f"tests-{part}" for part, *_ in TESTED),
                "package",
            ),
            environment="local",
            steps=(ecluse("deploy", "local"),),
        ),
    ),
    environments=(
        Environment(
            name="local",
            target="server",
            settings="settings.local",
            url="http://127.0.0.1:8000",
            faces_world=False,
            watch=1,
            health=HEALTH,
            setup=(
                Setup(command=("seed",)),
                Setup(command=("ensure_superuser",), given=tuple(f"DJANGO_SUPERUSER_{name}" for name in SUPERUSER)),
            ),
        ),
        # Where, and how to get in. The site's own secrets are in the swarm (docs/how-to/deploy-to-a-swarm.md).
        *(
            Environment(
                name=name,
                target="swarm",
                settings="settings.production",
                url=f"https://{host}",
                health=HEALTH,
                secrets=tuple(f"{name}_{what}".upper() for what in ("docker_host", "ssh_key", "ssh_known_hosts")),
                env={"DJANGO_ALLOWED_HOSTS": host, "DJANGO_CSRF_TRUSTED_ORIGINS": f"https://{host}"},
                approval=name == "production",
            )
            for name, host in (("staging", "staging.ecluse.example"), ("production", "www.ecluse.example"))
        ),
    ),
    release=ReleaseSpec(
        files=("manage.py", "settings", "src/website"),
        builds=(
            Build(
                output="src/website/motos/static/motos/client",
                folder="frontend",
                steps=(("npm", "ci"), ("npm", "run", "build")),
                tool="node",
                version="22.22.3",
                sources=("src/website/static/website/site.css",),
            ),
        ),
        requirements="requirements/site.txt",
        wsgi="website.wsgi:application",
        settings="settings.production",
        python_path=("src",),
    ),
    locks=(
        # Of the tool itself: it runs from the tree, so its own name is not in it.
        Lock(path="requirements/ecluse.txt", options=("--extra", "containers")),
        Lock(path="requirements/site.txt", sources=(), options=("--group", "site")),
        Lock(
            path="requirements/image.txt",
            sources=(),
            options=("--group", "image", "--constraint", "requirements/site.txt"),
        ),
        Lock(
            path="requirements/tests.txt",
            sources=(),
            options=("--group", "tests", "--constraint", "requirements/site.txt"),
        ),
        Lock(path="requirements/docs.txt", sources=(), options=("--group", "docs")),
        Lock(path="requirements/e2e.txt", sources=(), options=("--group", "e2e")),
        Lock(path="requirements/dev.txt", options=("--all-extras", "--group", "dev")),
        Lock(
            path="requirements/unit.txt",
            options=("--all-extras", "--group", "unit", "--constraint", "requirements/dev.txt"),
        ),
        Lock(
            path="requirements/dev-newest.txt",
            options=("--all-extras", "--group", "dev", "--override", "requirements/newest.in"),
            python="3.12",
        ),
    ),
    # The front server first: a version of the site appears last, when all that belongs to it is there.
    # A version is given to images that staging has served.
    image=ImageSpec(published={"staticlayer": "website-front", "applayer": "website"}, tests="tests", after="staging"),
    providers=Providers(
        env={"DJANGO_SETTINGS_MODULE": "settings.travis"},
        # One of them pushes images, publishes and rolls out, and it alone has credentials. The others check.
        deploys="github",
        # Travis's PostgreSQL is older than production's, and it keeps no files: GitHub's legs have both.
        # GitHub's page of the environment production has to name who is asked. It alone has a merge queue.
        accept=(
            *("travis-service-version", "travis-artifacts", "travis-merge-group"),
            *("github-approval", "gitlab-engine", "gitlab-merge-group"),
        ),
    ),
)
