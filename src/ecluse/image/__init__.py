"""The images of a release: built once from a commit, tested, pushed under the commit's name, promoted to a version.

    source ─► build ─► (compose: the test from outside) ─► push ─► promote
               │                                            └── digest_of: later jobs find it by the commit
               └── sbom: what is really inside

Jobs run on different machines, so nothing is handed from one to the next: the registry is asked, by the commit.
"""
