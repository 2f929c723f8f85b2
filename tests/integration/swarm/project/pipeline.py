"""The pipeline of the small shop, as images in a swarm. The tests fill in what is another each time."""

import os

from ecluse import Environment, ImageSpec, Job, Pipeline, command

pipeline = Pipeline(
    name=os.environ["SHOP_NAME"],
    jobs=(Job(name="nothing", steps=(command("true"),)),),
    environments=(
        Environment(
            name="staging",
            target="swarm",
            settings="shop_in_swarm.settings",
            url=os.environ.get("SHOP_URL", "http://127.0.0.1"),
            faces_world=False,
            watch=1,
            env={
                "HTTP_PORT": os.environ.get("SHOP_PORT", "80"),
                "FRONT": os.environ.get("SHOP_FRONT", "website-front:under-test"),
                "DATABASE_IMAGE": os.environ.get("SHOP_DATABASE", "postgres:18-trixie"),
                "ADDRESS": os.environ.get("SHOP_ADDRESS", "127.0.0.1"),
                "REPLICAS": os.environ.get("SHOP_REPLICAS", "2"),
            },
        ),
    ),
    image=ImageSpec(published={"applayer": "shop"}, tests="tests"),
)
