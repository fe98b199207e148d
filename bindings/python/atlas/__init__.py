# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Attested TLS (aTLS) for Python: httpx that talks to confidential machines only
once they have proven what they are.

    from atlas import httpx
    from atlas.policy import dstack_tdx_policy

Nothing is loaded before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._errors import AtlsVerificationError

    __version__: str

__all__ = ["AtlsVerificationError", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "AtlsVerificationError":
        from ._errors import AtlsVerificationError

        return AtlsVerificationError
    if name == "__version__":
        from ._core import VERSION

        return VERSION
    raise AttributeError(f"module 'atlas' has no attribute {name!r}")
