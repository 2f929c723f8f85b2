"""``ecluse wait``: waits until services are ready, then becomes another program."""

from __future__ import annotations

import os

import click

from ecluse.probes import Address
from ecluse.probes import wait as wait_for
from ecluse.probes.address import address_in

__all__ = ["wait"]


class _WithCommand(click.Command):
    """A command that keeps the arguments after ``--`` apart; click would mix them with the others."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        ctx.meta["command"] = tuple(args[at + 1 :])
        return super().parse_args(ctx, args[:at])

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "[OPTIONS] ADDRESS... [-- COMMAND...]")


@click.command(cls=_WithCommand)
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@click.option("--timeout", type=click.FloatRange(min=0), default=60, show_default=True, help="Seconds to wait at most.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing while all goes well.")
@click.pass_context
def wait(ctx: click.Context, addresses: tuple[str, ...], timeout: float, quiet: bool) -> None:
    """Wait until the service at every ADDRESS is ready, then run COMMAND in place of this program.

    Each is asked in its own protocol, as the user that the address names: tcp://, http://, https://, postgres://,
    redis://, rediss://, amqp://, amqps://, mongodb://. The name of an environment variable stands for the address it
    holds, or that the file named by NAME_FILE holds: so a password stands in no command line. Exit code 4 when
    the time is over, with the last answer of each that is not ready.

    \b
    Examples:
      ecluse wait DATABASE_URL CELERY_BROKER_URL -- gunicorn shop.wsgi
      ecluse wait --timeout 5 http://127.0.0.1:8000/ping/
    """

    def say(address: Address, seconds: float) -> None:
        if not quiet:
            click.echo(f"{address} is ready ({seconds:.1f} s)", err=True)

    wait_for([address_in(text, os.environ) for text in addresses], timeout=timeout, on_ready=say)
    command = ctx.meta["command"]
    if command:
        from ecluse.machine import process

        process.replace(command)
