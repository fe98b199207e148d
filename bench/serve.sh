#!/bin/sh
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
#
# assay-serve beside nginx; called by ./run bench serve with the JSON file to
# write.
set -eu
exec python3 -B "$(dirname "$0")/serve.py" "$1"
