#!/bin/sh
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
#
# The package assay-js beside the fetch of Node and of Chromium (js.py); called by
# ./run bench js with the JSON file to write. Playwright and the published packages
# that verify quotes are there where the npm registry can be reached.
set -eu
here=$(dirname "$0")
peers=build/bench/peer-js

# Exactly what package-lock.json has, and no script of theirs is run.
are_peers_there() {
    wanted=$(sha256sum <"$here/peer-js/package-lock.json")
    [ "$(cat $peers/fetched 2>/dev/null)" != "$wanted" ] || return 0
    mkdir -p $peers
    cp "$here"/peer-js/package*.json $peers
    if ! (cd $peers && npm ci --ignore-scripts --no-audit --no-fund >&2); then
        echo "SKIPPED chromium, dcap-qvl-web, dcap-qvl: npm ci failed (see above)" >&2
        return 1
    fi
    printf '%s\n' "$wanted" >$peers/fetched
}

scripts/bootstrap wasm
scripts/wasm >&2
cmake --build --preset wasm --target wasm_ciphers >&2
if are_peers_there; then
    set -- "$1" "$PWD/$peers"
fi
exec "$here/in_own_network" "$here/js.py" "$@"
