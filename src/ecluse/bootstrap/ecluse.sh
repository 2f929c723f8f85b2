#!/bin/sh
# Runs Écluse in a Python environment of its own: .ecluse/tool, made once from requirements/ecluse.txt, a lock with hashes.
# No other environment is touched. Needs Python 3.11 or newer with its venv module. `ecluse bootstrap` writes this file.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
lock=$here/requirements/ecluse.txt
vendor=$here/requirements/vendor
work=$here/.ecluse
tool=$work/tool

# The stamp is written last: an environment without it was never finished. It holds the lock: a changed lock makes a new one.
ready() {
    cmp -s "$lock" "$tool/ecluse.lock" 2>/dev/null && [ -x "$tool/bin/python" ]
}

# -I: nothing in the caller's folder, and no variable of theirs, is taken for a part of Python.
find_python() {
    for python in ${ECLUSE_PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            return
        fi
    done
    if [ -n "${ECLUSE_PYTHON:-}" ]; then
        echo "error: ECLUSE_PYTHON=$ECLUSE_PYTHON is no Python 3.11 or newer" >&2
    else
        echo "error: no Python 3.11 or newer on the PATH (found: $(python3 --version 2>&1 || echo none))" >&2
        echo "hint:  install one (Debian: apt install python3 python3-venv), or name it: ECLUSE_PYTHON=/path/to/python3 ./ecluse" >&2
    fi
    exit 9
}

install() {
    "$python" -I -m venv "$tool" || return
    set -- --disable-pip-version-check --no-compile --require-hashes --no-deps -r "$lock"
    # A version that is on no index yet stands beside the lock, as a wheel.
    if [ -d "$vendor" ]; then
        set -- --find-links "$vendor" "$@"
    fi
    "$tool/bin/python" -I -m pip install "$@" || return
    # A lock that does not name Écluse is the one of its own repository: there it runs from the tree.
    if ! grep -q '^ecluse[= []' "$lock"; then
        packages=$("$tool/bin/python" -I -c 'import sysconfig; print(sysconfig.get_path("purelib"))') || return
        echo ../../../../../src >"$packages/ecluse.pth"
    fi
}

if ! ready; then
    if ! [ -f "$lock" ]; then
        echo "error: $lock is missing: it names what to install" >&2
        echo "hint:  write it anew: uvx ecluse bootstrap" >&2
        exit 9
    fi
    find_python
    if ! "$python" -I -c 'import venv, ensurepip' >/dev/null 2>&1; then
        version=$("$python" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        echo "error: $python cannot make virtual environments: its venv or ensurepip module is missing" >&2
        echo "hint:  Debian and Ubuntu have it in a package of its own: apt install python$version-venv" >&2
        exit 9
    fi
    if ! { mkdir -p "$work" && [ -w "$work" ]; } 2>/dev/null; then
        echo "error: $work cannot be made or written, and ./ecluse installs itself there" >&2
        echo "hint:  ls -ld shows its owner; where the clone is read-only or another account's, work in a clone of your own" >&2
        exit 16
    fi
    [ -e "$work/.gitignore" ] || echo '*' >"$work/.gitignore"
    # Two first runs at once: the second waits for the first.
    exec 9>"$work/bootstrap.lock"
    if command -v flock >/dev/null 2>&1; then flock 9; fi
    if ! ready; then
        echo "ecluse: making .ecluse/tool from requirements/ecluse.txt (once)" >&2
        rm -rf "$tool"
        log=$work/bootstrap.log
        if ! install >"$log" 2>&1 9>&-; then
            tail -n 15 "$log" >&2
            echo "error: .ecluse/tool could not be made; the whole output is in $log" >&2
            echo "hint:  behind a proxy or mirror, pip's own settings apply (PIP_INDEX_URL, PIP_CERT, HTTPS_PROXY)" >&2
            exit 9
        fi
        cp "$lock" "$tool/ecluse.lock"
        rm -f "$log"
    fi
    exec 9>&-
fi
exec "$tool/bin/python" -P -m ecluse "$@"
