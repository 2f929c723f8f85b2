"""The effect of a release on its databases, and whether the release that serves can live with it.

This room is sent to a release and runs there, in the release's own Python, which has Django and not ecluse: its
modules import each other relatively, and nothing else of ecluse. ``bundle`` makes one script of them.
"""
