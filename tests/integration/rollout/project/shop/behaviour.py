"""How this release behaves. The tests write another one of these to make another release."""

VERSION = "one"
READY = True
CHECKS = True
# Seconds after a process has answered its first visitor that it ends, without a word.
DIES = None
# Whether every page is an error.
FAILS = False
