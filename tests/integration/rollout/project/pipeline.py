"""The pipeline of the small project that the rollout tests roll out."""

from ecluse import Environment, Job, Pipeline, ReleaseSpec, command

pipeline = Pipeline(
    name="shop",
    jobs=(Job(name="nothing", steps=(command("true"),)),),
    environments=(
        Environment(
            name="local",
            target="server",
            settings="shop.settings",
            url="http://127.0.0.1:8700",
            faces_world=False,
            watch=1,
        ),
    ),
    release=ReleaseSpec(
        files=("manage.py", "shop"),
        requirements="requirements.txt",
        wsgi="shop.wsgi:application",
        settings="shop.settings",
    ),
)
