#!/bin/sh
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
#
# The Python package beside plain httpx; called by ./run bench python with the
# JSON file to write.
set -eu
scripts/python venv build/python/bench
exec build/python/bench/bin/python -B "$(dirname "$0")/python.py" "$1"
