"""Three machines in one swarm, reached by SSH: a manager, one with the database and the front server, and another."""

from __future__ import annotations

import json
import time

import pytest

from testbed.containers import await_, docker
from testbed.hosts import ACCOUNT, hosts
from testbed.load.visitors import Load
from testbed.swarm import base_images, once, unharmed

pytestmark = [pytest.mark.engine, pytest.mark.exhaustive]

MANAGER, STATE, OTHER = range(3)


@pytest.fixture(scope="module")
def machines(engine, tmp_path_factory):
    base_images()
    with hosts(tmp_path_factory.mktemp("machines"), 3) as found:
        yield found


@pytest.fixture(scope="module")
def shop(machines, tmp_path_factory):
    shop = machines.shop(tmp_path_factory.mktemp("shop") / "shop", state=STATE, SHOP_REPLICAS="3")
    done = shop.ecluse("deploy", "staging", "--release", shop.release("one"), check=False)
    assert done.returncode == 10 and "docker node update --label-add ecluse.state=true NODE" in done.output
    machines.keep_state(STATE)
    return shop


@pytest.fixture
def one(shop):
    shop.ecluse("deploy", "staging", "--release", shop.release("one"))
    return shop.release("one")


def nodes(machines, *numbers):
    return {machines.names[number][:12] for number in numbers}


def test_rollout_across_machines_loses_no_request(machines, shop, one):
    two = shop.release("two")
    with Load(shop.port, host=shop.address, long=True) as load:
        load.wait(200)
        shop.ecluse("deploy", "staging", "--release", two)
        load.wait(200)
    unharmed(shop, load)
    served = {one["node"] for one in shop.status()["processes"] if one["task"].startswith("web.")}
    assert served == nodes(machines, MANAGER, STATE, OTHER), "no two share a machine while another has none"
    assert shop.images("web") == {two}


def test_nodes_pull_with_the_account_that_the_deployer_has(machines, shop, one):
    two = shop.release("with-an-account")
    done = shop.ecluse("deploy", "staging", "--release", two, check=False, ECLUSE_REGISTRY=f"http://{machines.guarded}")
    assert done.returncode != 0 and f"docker login {machines.guarded}" in done.output
    address = f"http://{ACCOUNT}@{machines.guarded}"
    done = shop.ecluse("deploy", "staging", "--release", two, ECLUSE_REGISTRY=address)
    assert ACCOUNT.partition(":")[2] not in done.output
    # And from then on by themselves: a node that has lost the image gets it when a task is started there.
    for number in (MANAGER, STATE, OTHER):
        assert f"{machines.guarded}/shop" in machines.inside("images", "--format", "{{.Repository}}", number=number)
    assert shop.images("web") == {two}


def test_node_without_the_registry_stops_the_rollout_early(machines, shop, one):
    two = shop.release("out-of-reach")
    with Load(shop.port, host=shop.address) as load:
        with machines.cut(OTHER, machines.registry.partition(":")[0]):
            done = shop.ecluse("deploy", "staging", "--release", two, check=False)
        load.wait(100)
    unharmed(shop, load)
    assert done.returncode == 10, done.output
    assert f"{machines.names[OTHER][:12]}: " in done.output and "can that node reach the registry" in done.output
    assert shop.images("web") == {one} and shop.status()["healthy"]
    assert shop.last()["outcome"] == "failed"
    shop.ecluse("deploy", "staging", "--release", two)
    assert shop.images("web") == {two}


def test_command_runs_on_any_machine_and_ends_with_its_caller(machines, shop, one):
    asks = ("exec", "staging", "--", "python", "-c", "import os; print(os.environ['ECLUSE_RELEASE'], flush=True)")
    node = machines.names[MANAGER][:12]
    serving = shop.status()["serving"]
    assert shop.ecluse(*asks).output.strip() == serving
    machines.inside("node", "update", "--availability", "drain", node)
    try:
        done = shop.ecluse(*asks)
        assert "runs on another machine, without input" in done.output and done.output.strip().endswith(serving)
    finally:
        machines.inside("node", "update", "--availability", "active", node)
    caller = shop.begin("exec", "staging", "--", "sleep", "600")
    named = ("service", "ls", "--quiet", "--filter", f"name={shop.stack}_exec-")
    await_(lambda: machines.inside(*named), "the command has a container", 60)
    caller.terminate()
    caller.wait(60)
    await_(lambda: not machines.inside(*named), "nothing of the command is left", 60)
    shop.ecluse("deploy", "staging", "--release", one)


def test_machine_that_goes_silent_is_left_out_and_named(machines, shop, one):
    two = shop.release("left-out")
    with Load(shop.port, host=shop.address) as load:
        load.wait(100)
        with machines.cut(OTHER):
            began = time.monotonic()
            deployer = shop.begin("deploy", "staging", "--release", two)
            await_(lambda: " is down: it is left out" in shop.said(), "the machine is left out", 120)
            seconds = time.monotonic() - began
            assert deployer.wait(400) == 0, shop.said()
        load.wait(100)
    print(f"left out after {seconds:.1f} s")
    assert f"{machines.names[OTHER][:12]} is down" in shop.said()
    # What the machine was answering is lost, and nothing else.
    assert all("status 50" in one for one in load.lost) and len(load.lost) <= 20, load.lost
    once(shop, load)
    assert shop.images("web") == {two}
    shop.ecluse("deploy", "staging", "--release", two)


def test_front_on_an_unreachable_machine_is_changed_back(machines, shop, one):
    machines.inside("node", "update", "--label-add", "ecluse.front=true", machines.names[OTHER][:12])
    shop.tag("one", f"staging-{shop.git('rev-parse', 'HEAD')}")
    stack = (shop.folder / "docker-compose.live.yml").read_text()
    before, front, after = stack.partition("  front:\n")
    with shop.edited(stack, before + front + after.replace("ecluse.state", "ecluse.front", 1)):
        done = shop.ecluse("front", "staging", check=False)
    assert done.returncode == 10 and "its door does not answer" in done.output, done.output
    here, there = (machines.names[number][:12] for number in (STATE, OTHER))
    assert f"front runs on {here}, and may run on {there}" in done.output
    assert "the front server is as it was before" in done.output
    two = shop.release("after-the-front")
    with Load(shop.port, host=shop.address) as load:
        shop.ecluse("deploy", "staging", "--release", two)
        load.wait(100)
    unharmed(shop, load)


@pytest.mark.parametrize("seconds", [20, 150, 300])
def test_cut_off_deployer_continues_undoes_or_is_recovered(machines, shop, one, seconds):
    two = shop.release("cut-off")
    gateway = docker("inspect", "--format", "{{.NetworkSettings.Gateway}}", machines.names[MANAGER]).stdout.strip()
    with Load(shop.port, host=shop.address) as load:
        deployer = shop.begin("deploy", "staging", "--release", two)
        await_(lambda: shop.step() == "replace", "it is being replaced", 180)
        with machines.cut(MANAGER, gateway):
            time.sleep(seconds)  # how long the network is away
        code = deployer.wait(400)
        left = shop.status()["interrupted"]
        done = shop.ecluse("deploy", "staging", "--release", two)
        load.wait(100)
    unharmed(shop, load)
    said = shop.said()
    assert "Traceback" not in said
    if seconds < 60:
        assert code == 0 and left is None, said
    else:
        assert code not in (0, 1) and ("serves again" in said if left is None else "what serves now" in said), said
        assert left is None or "that was interrupted is" in done.output
    assert shop.images("web") == {two} and shop.status()["healthy"]


@pytest.mark.parametrize("seconds", [5, 45])
def test_manager_cut_off_for_a_moment_costs_only_open_requests(machines, shop, one, seconds):
    two = shop.release(f"without-manager-{seconds}")
    with Load(shop.port, host=shop.address) as load:
        load.wait(100)
        deployer = shop.begin("deploy", "staging", "--release", two)
        await_(lambda: shop.step() == "replace", "it is being replaced", 180)
        with machines.cut(MANAGER):
            time.sleep(seconds)  # how long the network is away
        code = deployer.wait(600)
        await_(lambda: not shop.status()["processes"] or shop.status()["healthy"], "a release serves whole", 180)
        cut = len(load.lost)
        done = shop.ecluse("deploy", "staging", "--release", two)
        lost = len(load.lost)
        load.wait(200)
    # A manager that is away for long takes the others for dead, and starts all that was there anew when it is back.
    if seconds < 15:
        assert all("POST" in one and "status 50" in one for one in load.lost) and cut == lost <= 30, load.lost
    assert len(load.lost) == lost, "it goes on losing requests"
    once(shop, load)
    assert "Traceback" not in shop.said() and (code == 0 or "release" in shop.said())
    assert shop.images("web") == {two} and shop.status()["healthy"], done.output


def test_manager_restart_with_the_front_elsewhere_costs_little(machines, shop, one):
    with Load(shop.port, host=shop.address) as load:
        load.wait(200)
        machines.restart_engine(MANAGER)
        await_(lambda: shop.status()["healthy"], "a release serves whole", 180)
        load.wait(200)
    lost = [answer for answer in load.seen if answer.lost is not None]
    seconds = max((answer.ended for answer in lost), default=0) - min((answer.due for answer in lost), default=0)
    print(f"{len(lost)} of {len(load.seen)} requests lost in {seconds:.1f} s")
    assert seconds < 40, load.lost
    once(shop, load)


def test_dead_machine_costs_only_its_open_requests(machines, shop, one):
    three = shop.release("three")
    with Load(shop.port, host=shop.address) as load:
        load.wait(100)
        deployer = shop.begin("deploy", "staging", "--release", three)
        await_(lambda: shop.step() == "replace", "it is being replaced", 180)
        docker("kill", machines.names[OTHER])
        deployer.wait(400)
        load.wait(100)
    # A POST that the machine was answering may have had its effect: nobody can know, and nobody sends it again.
    assert all("POST" in lost and "status 50" in lost for lost in load.lost) and len(load.lost) <= 20, load.lost
    once(shop, load)
    done = shop.ecluse("deploy", "staging", "--release", three, "--json")
    assert json.loads(done.output[done.output.index("{") :])["serving"].startswith(three[7:19])
    assert shop.status()["healthy"]
    assert {one["node"] for one in shop.status()["processes"]} <= nodes(machines, MANAGER, STATE)
