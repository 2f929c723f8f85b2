"""The behaviour of this release. The tests write another version of this file to make another release."""

VERSION = "one"
READY = True
CHECKS = True
# Seconds after a process has answered its first visitor that it ends, without a word.
DIES = None
# The same of the program that started it: it is told to end, and does so in good order.
ENDS = None
# Each how manieth page is an error; False: none, True: each.
FAILS = False
# Seconds that each page takes.
SLOW = 0
