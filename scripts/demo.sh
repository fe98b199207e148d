#!/bin/sh
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
#
# Makes a TDX quote under a test root on the spot, verifies it, and shows what
# happens to it after one flipped bit, under Intel's root, and on a platform
# that is revoked. Every step's exit code is checked.
# usage: scripts/demo.sh   (called by ./run demo, which builds first)
set -eu
cd "$(dirname "$0")/.."

bin=build/bin
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT INT TERM

step() {
    printf '\n\033[1m%s\033[0m\n' "$1"
}
[ -t 1 ] || step() { printf '\n%s\n' "$1"; }

# Runs a command, shows the first lines of what it says and insists on its
# exit code.
expect() {
    want=$1
    lines=$2
    shift 2
    printf '$ %s\n' "$*" | sed "s|$bin/||; s|$dir/||g"
    code=0
    "$@" >"$dir/out" 2>"$dir/err" || code=$?
    head -n "$lines" "$dir/out" | sed "s|$dir/||g"
    if [ "$code" -ne "$want" ]; then
        cat "$dir/err"
        echo "demo: exit code $code where $want is due" >&2
        exit 1
    fi
    printf '(exit code %s)\n' "$code"
}

# One bit of MRTD, at offset 48 + 136 of a version 4 TDX quote.
flip_bit() {
    at=184
    byte=$(od -An -tu1 -j "$at" -N 1 "$1")
    cp "$1" "$2"
    octal=$(printf '%03o' $((byte ^ 1)))
    # The format is the byte itself.
    # shellcheck disable=SC2059
    printf "\\$octal" |
        dd of="$2" bs=1 seek="$at" conv=notrunc 2>"$dir/dd"
}

step "1. A made-up platform signs a TDX quote (its root is trusted by nobody)."
expect 0 0 "$bin/assay-mint" --out "$dir/good"
ls "$dir/good"

step "2. Under its own test root the quote is genuine and up to date."
expect 0 12 "$bin/assay" verify --collateral "$dir/good/collateral.json" \
    --root "$dir/good/root.pem" "$dir/good/quote.bin"

step "3. Flip one bit of the TD's measurement: refused."
flip_bit "$dir/good/quote.bin" "$dir/flipped.bin"
expect 1 1 "$bin/assay" verify --collateral "$dir/good/collateral.json" \
    --root "$dir/good/root.pem" "$dir/flipped.bin"

step "4. Under Intel's root, which is the default: refused."
expect 1 1 "$bin/assay" verify --collateral "$dir/good/collateral.json" \
    "$dir/good/quote.bin"

step "5. A platform whose certificate is revoked: refused."
expect 0 0 "$bin/assay-mint" --out "$dir/revoked" --revoked
expect 1 1 "$bin/assay" verify --collateral "$dir/revoked/collateral.json" \
    --root "$dir/revoked/root.pem" "$dir/revoked/quote.bin"

step "6. A TD that can be debugged from outside: genuine, but refused."
expect 0 0 "$bin/assay-mint" --out "$dir/debug" --debug
expect 1 1 "$bin/assay" verify --collateral "$dir/debug/collateral.json" \
    --root "$dir/debug/root.pem" "$dir/debug/quote.bin"

printf '\ndemo: all six went as they should\n'
