#!/bin/sh
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
#
# assay-proxy beside nginx and haproxy (proxy.py); called by ./run bench proxy
# with the JSON file to write.
set -eu
here=$(dirname "$0")
exec "$here/in_own_network" "$here/proxy.py" "$1"
