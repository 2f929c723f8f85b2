"""The definition that a machine gets is the environment, where it is no host any more."""

from dataclasses import replace

from ecluse.definition.backups import Backup
from ecluse.definition.load import load
from ecluse.definition.model import Environment, Monitoring, Pipeline, Policy, Provision, Receiver, Setup, Watch, Worker
from ecluse.remote.written import written

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMwnm9Wbbs3qxKJ124CFCEjX63jUCx0xycG85L6MmAoq"
ENVIRONMENT = Environment(
    name="production",
    target="server",
    settings="settings.production",
    url="https://shop.example",
    secrets=("DATABASE_URL", "PRODUCTION_SSH_KEY", "SSH_KEY"),
    env={"A": "it's", "B": 'a "quoted" {text}\n'},
    watch=Watch(seconds=2.5),
    setup=(Setup(command=("seed",), given=("TOKEN",)),),
    workers=(Worker(name="beat", command=("celery", "beat"), alone=True),),
    monitoring=Monitoring(policies=(Policy("disk", above=70.5),), receivers=(Receiver("team", mail="a@b"),)),
    backup=Backup(repository="/srv/backups", every="day"),
    host="shop.example",
    user="shop",
    port=2222,
    host_key=KEY,
)


def test_written_definition_loads_as_the_environment(tmp_path):
    path = tmp_path / "pipeline.py"
    path.write_text(written(Pipeline(name="shop", jobs=(), environments=(ENVIRONMENT,)), ENVIRONMENT))
    loaded = load(path)
    here = replace(ENVIRONMENT, host="", user="", port=None, host_key="", secrets=("DATABASE_URL",))
    here = replace(here, backup=Backup(repository="/srv/backups"))
    assert (loaded.name, loaded.environments) == ("shop", (here,))


def test_database_of_the_server_is_written_as_its_address(tmp_path):
    provision = Provision(keys=(KEY,), postgresql=True)
    environment = replace(ENVIRONMENT, secrets=(), provision=provision)
    path = tmp_path / "pipeline.py"
    path.write_text(written(Pipeline(name="shop", jobs=(), environments=(environment,)), environment))
    [loaded] = load(path).environments
    address = "postgres://shop@:5432/shop-production?host=/var/run/postgresql"
    assert loaded.env == {**ENVIRONMENT.env, "DATABASE_URL": address} and loaded.provision is None


def test_name_of_private_key_is_not_written():
    assert "SSH_KEY" not in written(Pipeline(name="shop", jobs=(), environments=(ENVIRONMENT,)), ENVIRONMENT)
