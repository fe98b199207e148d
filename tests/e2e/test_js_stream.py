# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Raw attested streams of assay-js: tests/e2e/js/attested_stream.test.mjs."""
import js_peer

if __name__ == "__main__":
    js_peer.main("attested_stream.test.mjs")
