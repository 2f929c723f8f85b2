"""The pipeline of the small shop, as images in a swarm. The tests fill in what is another each time."""

import os

from ecluse import Environment, ImageSpec, Job, Pipeline, Watch, ecluse, push, tag

PORTS = {"staging": os.environ.get("SHOP_PORT", "80"), "production": os.environ.get("SHOP_PRODUCTION_PORT", "81")}
ADDRESS = os.environ.get("SHOP_ADDRESS", "127.0.0.1")

pipeline = Pipeline(
    name=os.environ["SHOP_NAME"],
    jobs=tuple(
        Job(
            name=f"deploy-{name}",
            when=when,
            environment=name,
            steps=(ecluse("deploy", name),),
            secrets=("ECLUSE_REGISTRY",),
        )
        for name, when in (("staging", push("staging")), ("production", tag("v*")))
    ),
    environments=tuple(
        Environment(
            name=name,
            target="swarm",
            settings="shop_in_swarm.settings",
            url=f"http://{ADDRESS}:{port}",
            faces_world=False,
            watch=Watch(seconds=1, canary_seconds=float(os.environ.get("SHOP_CANARY", "0")), canary_share=0.1),
            env={
                "HTTP_PORT": port,
                "FRONT": os.environ.get("SHOP_FRONT", "website-front:under-test"),
                "DATABASE_IMAGE": os.environ.get("SHOP_DATABASE", "postgres:18-trixie"),
                "ADDRESS": ADDRESS,
                "REPLICAS": os.environ.get("SHOP_REPLICAS", "2"),
            },
        )
        for name, port in PORTS.items()
    ),
    image=ImageSpec(published={"applayer": "shop"}, tests="tests"),
)
