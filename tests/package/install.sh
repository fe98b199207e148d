#!/bin/sh
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs into a scratch prefix, moves it, and builds and runs a program that
# knows nothing but pkg-config: once against libassay.so, once libassay.a. Then
# starts the bridge by its other name, and the proxy by both of its.
# usage: install.sh CMAKE CC
set -eu

cmake=$1
cc=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$cmake" --install "$ASSAY_BUILD" --prefix "$scratch/first" >/dev/null
mv "$scratch/first" "$scratch/moved"
pc=$(find "$scratch/moved" -name assay.pc)
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH

if find "$scratch/moved" | grep -i mint; then
    echo "the evidence writer must not be installed" >&2
    exit 1
fi

cat >"$scratch/user.c" <<'PROGRAM'
#include <assay/assay.h>
#include <stdio.h>
#include <string.h>

int
main(void)
{
    struct assay_quote *quote = NULL;
    struct assay_error err;
    enum assay_code code =
        assay_quote_parse((struct assay_slice){NULL, 0}, &quote, &err);

    printf("%s %s\n", ASSAY_VERSION, assay_code_name(code));
    return strcmp(assay_code_name(code), "truncated") == 0 ? 0 : 1;
}
PROGRAM

libdir=$(dirname "$PKG_CONFIG_PATH")
# pkg-config answers with words for the compiler.
# shellcheck disable=SC2046
"$cc" -std=c11 -Wall -Wextra -Wpedantic -Werror "$scratch/user.c" \
    -o "$scratch/shared" $(pkg-config --cflags --libs assay)
LD_LIBRARY_PATH=$libdir "$scratch/shared"
ldd "$scratch/shared" | grep -q 'libassay\.so\.0' ||
    { LD_LIBRARY_PATH=$libdir ldd "$scratch/shared"; exit 1; }

rm "$libdir"/libassay.so*
# shellcheck disable=SC2046
"$cc" -std=c11 "$scratch/user.c" \
    -o "$scratch/static" $(pkg-config --cflags --libs --static assay)
"$scratch/static"

# atlas-proxy is a name of assay-bridge, and its readme's variables are enough.
proxy=$scratch/moved/bin/atlas-proxy
[ "$(readlink "$proxy")" = assay-bridge ]
code=0
"$proxy" 2>"$scratch/refused" || code=$?
[ "$code" = 64 ]
grep -q 'set ATLS_PROXY_ALLOWLIST' "$scratch/refused"

export ATLS_PROXY_ALLOWLIST="vllm.example.com:443,tee2.example.com:8443"
export ATLS_PROXY_LISTEN="127.0.0.1:0"
mkfifo "$scratch/log"
timeout 60 "$proxy" 2>"$scratch/log" &
bridge=$!
while read -r line; do
    echo "$line"
    case $line in
    *": listening address=127.0.0.1:"*)
        port=${line##*127.0.0.1:}
        python3 - "${port%% *}" <<'CLIENT'
import http.client
import sys

bridge = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=30)
bridge.request("GET", "/?target=other.example.com:443", headers={
    "Connection": "Upgrade", "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
answer = bridge.getresponse()
body = answer.read()
assert answer.status == 403 and b"target_denied" in body, (answer.status, body)
CLIENT
        kill "$bridge"
        ;;
    esac
done <"$scratch/log"
wait "$bridge"

# assay proxy is assay-proxy, wherever both are; and it has its manual.
bin=$scratch/moved/bin
[ "$("$bin/assay" proxy --version)" = "$("$bin/assay-proxy" --version)" ]
"$bin/assay-proxy" --help | grep -q -- --codex-config
manuals=$(find "$scratch/moved" -path '*/man1/assay*' | wc -l)
[ "$manuals" = 0 ] ||
    find "$scratch/moved" -path '*/man1/assay-proxy.1*' | grep -q .

# The headers serve C++ too, where a C++ compiler is at hand.
if command -v c++ >/dev/null; then
    # shellcheck disable=SC2046
    echo '#include <assay/assay.h>' |
        c++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
            $(pkg-config --cflags assay) -x c++ -
else
    echo "SKIPPED C++: there is no c++"
fi
