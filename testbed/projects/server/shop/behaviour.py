"""The behaviour of this release. The tests write another version of this file to make another release."""

VERSION = "one"
READY = True
CHECKS = True
# Seconds after a process has answered its first visitor that it ends, without a word.
DIES = None
# The same of the program that started it: it is told to end, and does so in good order.
ENDS = None
# 3: every third page is an error; True: every page; False: none.
FAILS = False
# Seconds that each page takes.
SLOW = 0
