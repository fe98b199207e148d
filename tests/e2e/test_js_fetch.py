# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The fetch of assay-js in Node, over TCP: tests/e2e/js/fetch_*.test.mjs."""
import js_peer

if __name__ == "__main__":
    js_peer.main("fetch_*.test.mjs")
