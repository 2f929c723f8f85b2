"""The behaviour of this release. The tests write another version of this file to make another release."""

VERSION = "one"
READY = True
CHECKS = True
# Seconds after a process has answered its first visitor that it ends, without a word.
DIES = None
# The same of the program that started it: it is told to end, and does so in good order.
ENDS = None
# Whether every page is an error.
FAILS = False
