# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests say of clients and their answers."""

from collections.abc import Callable

from atlas import httpx

Client = Callable[..., httpx.Client]
AsyncClient = Callable[..., httpx.AsyncClient]


def attested(response: httpx.Response) -> bool:
    found = response.extensions.get("attestation")
    return found is not None and found["trusted"] is True
