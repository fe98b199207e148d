# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What was wrong with earlier clients of this kind, each as a test: which policy was
read, and what was told of the verdict by it.

Defects 7 (the attestation of a connection that is closed) and 10 (members that
nobody knows), hole 4 (a development policy that does not say so).
"""

import json
import pathlib
from collections.abc import Callable
from typing import Any

import httpx as real
import pytest

from atlas import AtlsVerificationError
from atlas.policy import dev_policy
from clients import Client, attested
from enclave import HOST, Enclave, Names, Serve, Web, app_compose

URL = f"https://{HOST}"


def failed(error: AtlsVerificationError) -> list[str]:
    return [c["name"] for c in error.checks if c["outcome"] == "failed"]


def test_the_wrong_policy_is_wrong(
    client: Client, wrong: dict[str, Any], web: Web, enclave: Enclave
) -> None:
    """What ways past a policy are looked for with; and what the error tells."""
    with pytest.raises(AtlsVerificationError) as caught:
        client({HOST: wrong}).get(f"{URL}/json")
    error = caught.value
    assert error.code == "not_trusted"
    assert "os_image_hash" in failed(error)
    assert error.verdict is not None
    assert error.verdict["trusted"] is False
    assert enclave.os_image_hash in str(error)  # the detail of what failed
    assert HOST in str(error)
    assert isinstance(error, real.TransportError)
    assert error.request.url == f"{URL}/json"
    assert web.seen == []


# --- 7: the attestation of a connection that is closed ---


def test_7_answers_that_close_the_connection_are_annotated(
    client: Client, another_serve: Callable[..., Serve], names: Names
) -> None:
    another_serve("--max-requests", "3")
    mine = client()
    closed = 0
    for _ in range(8):
        response = mine.get(f"{URL}:9443/json")
        assert attested(response)
        closed += response.headers.get("Connection") == "close"
    assert closed >= 2
    assert names.count(HOST, 9443) > closed - 1


# --- 10: members that nobody knows ---


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"allowed_tcb_statuses": ["UpToDate"]}, "allowed_tcb_status"),
        ({"expected_bootchain": {"mrtd": "00"}}, "mrtd"),
        ({"type": "dstack"}, "type"),
        ({"type": None}, "type"),
    ],
)
def test_10_policies_are_read_when_the_client_is_made(
    client: Client, enclave: Enclave, names: Names, change: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        client({HOST: enclave.policy(**change)})
    assert names.connections == []


@pytest.mark.parametrize("policy", [None, [], "{}", 1])
def test_10_policies_that_are_none(client: Client, policy: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=r".+"):
        client({HOST: policy})


def test_10_compose_file_is_read_then(
    client: Client, enclave: Enclave, tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "app-compose.json"
    policy = enclave.policy(compose_hash=None, compose_file=str(file))
    with pytest.raises((ValueError, OSError), match=file.name):
        client({HOST: policy})
    file.write_text(json.dumps(app_compose(), indent=4))
    mine = client({HOST: policy})
    file.unlink()
    assert attested(mine.get(f"{URL}/json"))


# --- hole 4: a development policy that does not say so ---


def test_hole_4_a_development_policy_says_so(client: Client, enclave: Enclave) -> None:
    """Trusted, and nobody looked at what runs there: the result tells."""
    policy = {**dev_policy(), "trusted_root": enclave.root.read_text()}
    policy["pccs_url"] = enclave.pccs
    found = client({HOST: policy}).get(f"{URL}/json").extensions["attestation"]
    assert found["trusted"] is True
    assert "disable" in json.dumps(found["checks"])
