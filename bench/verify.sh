#!/bin/sh
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
#
# What a verification costs (bench_verify.c), with the peer where it can be
# built: the published crate dcap-qvl, on the same quote, taking turns.
# usage: bench/verify.sh JSON
set -eu
cd "$(dirname "$0")/.."
programs=${ASSAY_BENCH_DIR:-build/bench}
peer=build/peer-dcap-qvl/release/peer-dcap-qvl

build_peer() {
    if ! command -v cargo >/dev/null; then
        echo "SKIPPED dcap-qvl: no cargo" >&2
        return 1
    fi
    if ! cargo build --release --locked --quiet \
        --manifest-path bench/peer-dcap-qvl/Cargo.toml \
        --target-dir build/peer-dcap-qvl; then
        echo "SKIPPED dcap-qvl: it could not be built (see above)" >&2
        return 1
    fi
}

if build_peer; then
    "$programs/bench_verify" "$1" "$peer"
else
    "$programs/bench_verify" "$1"
fi
