"""A server that is reached by SSH: the tool and the releases are sent there, and commands run there.

    line    the SSH client, told which key the machine has
    tool    what of Écluse the machine needs, named by its content
    site    a site's folder there: what is sent to it, and the commands that run in it
    there   the program that runs there on behalf of ``site``
    away    a command of the command line, from here to there and back

A rollout runs on the machine, beside its lock and its journal, in a process that does not end with the line. Its output
is followed from here, and picked up again after a cut.
"""
