# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The https.Agent of assay-js: tests/e2e/js/agent.test.mjs."""
import js_peer

if __name__ == "__main__":
    js_peer.main("agent.test.mjs")
