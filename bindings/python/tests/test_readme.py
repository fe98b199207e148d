# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The code blocks of README.md run as they stand, one after the other.

What is different from a real deployment:

- A string that ends in three dots stands for a value that the reader has to
  fill in: it becomes what the simulated platform has under the name before it.
- The simulator's quotes follow to a root of its own. So both functions that make
  policies add `trusted_root` and `pccs_url`, and the SHA-256 of the simulated
  app's start script, since the usual script is not ours to have.
- SSL_CERT_FILE names the CA of the tests, and names lead to loopback.
"""

import functools
import hashlib
import importlib.util
import pathlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import atlas.policy
from atlas import AtlsVerificationError
from enclave import COMPOSE, HOST, SCRIPT, Enclave, Names, Web

README = pathlib.Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.S | re.M)
PLACEHOLDER = re.compile(r'(\w+)("?\s*[:=]\s*)"[0-9a-f]*\.\.\."')

Namespace = dict[str, Any]


def blocks() -> list[str]:
    return BLOCK.findall(README.read_text(encoding="utf-8"))


def number(needle: str) -> int:
    """Of the one block with this in it."""
    (found,) = [n for n, block in enumerate(blocks()) if needle in block]
    return found


def filled_in(block: str, values: dict[str, str]) -> str:
    text = PLACEHOLDER.sub(lambda m: f"{m[1]}{m[2]}{values[m[1]]!r}", block)
    assert '..."' not in text, "a placeholder that nobody knows"
    return text


@pytest.fixture
def deployment(enclave: Enclave, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader's policies get what a platform of one's own needs."""
    script = {"sha256": [hashlib.sha256(SCRIPT.encode()).hexdigest()]}
    platform = {"trusted_root": enclave.root.read_text(), "pccs_url": enclave.pccs}

    def with_platform(make: Callable[..., Namespace]) -> Callable[..., Namespace]:
        @functools.wraps(make)
        def wrapper(**named: Any) -> Namespace:
            if "app_compose_docker_compose_file" in named:
                named["pre_launch_script"] = script
            return {**make(**named), **platform}

        return wrapper

    for name in ("dstack_tdx_policy", "dev_policy"):
        make = getattr(atlas.policy, name)
        monkeypatch.setattr(atlas.policy, name, with_platform(make))
    monkeypatch.setenv("SSL_CERT_FILE", str(enclave.authority.root))


@pytest.fixture
def run(enclave: Enclave, deployment: None) -> Iterator[Callable[[int], Namespace]]:
    """Runs a block, behind the first one, which makes `policy`."""
    namespace: Namespace = {"__name__": "readme"}

    def run(wanted: int) -> Namespace:
        values = {
            **enclave.measurements,
            "os_image_hash": enclave.os_image_hash,
            "app_compose_docker_compose_file": COMPOSE,
        }
        for n in sorted({0, wanted}):
            code = compile(filled_in(blocks()[n], values), f"block {n}", "exec")
            exec(code, namespace)
        return namespace

    yield run
    if "client" in namespace:
        namespace["client"].close()


def test_quick_start(
    run: Callable[[int], Namespace], capsys: pytest.CaptureFixture[str], web: Web
) -> None:
    found = run(0)
    assert web.paths == ["/api/data"]
    first, second = capsys.readouterr().out.splitlines()
    assert first == "200"
    for part in ("'trusted': True", "'tee_type': 'tdx'", "'tcb_status': 'UpToDate'"):
        assert part in second
    assert found["policy"]["app_compose"]["docker_compose_file"] == COMPOSE


def test_quick_start_with_another_value(
    run: Callable[[int], Namespace], enclave: Enclave, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The values are what decides."""
    monkeypatch.setattr(
        Enclave, "measurements", {**enclave.measurements, "rtmr2": "00" * 48}
    )
    with pytest.raises(AtlsVerificationError, match="rtmr2"):
        run(0)
    assert enclave.web.seen == []


def test_development_policy(run: Callable[[int], Namespace], web: Web) -> None:
    response = run(number("import dev_policy"))["response"]
    assert response.status_code == 200
    assert response.extensions["attestation"]["trusted"] is True
    assert web.paths[-1] == "/health"


def test_asynchronous(run: Callable[[int], Namespace], web: Web) -> None:
    run(number("AsyncClient"))
    assert web.paths == ["/api/data"] * 2


def test_one_request(run: Callable[[int], Namespace], names: Names) -> None:
    response = run(number("response = httpx.get("))["response"]
    assert response.extensions["attestation"]["trusted"] is True
    assert names.count(HOST) == 2


def test_a_server_that_does_not_prove_itself(
    run: Callable[[int], Namespace], capsys: pytest.CaptureFixture[str]
) -> None:
    run(number("except AtlsVerificationError"))
    said = capsys.readouterr().out.splitlines()[2:]
    assert said[0] == "not_trusted"
    assert any(line.startswith("os_image_hash ") for line in said[1:])


@pytest.mark.skipif(
    importlib.util.find_spec("openai") is None, reason="openai is not installed"
)
def test_openai(run: Callable[[int], Namespace], web: Web) -> None:
    client = run(number("import openai"))["client"]
    client.models.list()
    assert web.paths[-1] == "/v1/models"
    assert web.fields()["authorization"] == "Bearer sk-example"


def test_client(run: Callable[[int], Namespace], names: Names) -> None:
    client = run(number("from atlas.httpx import Client"))["client"]
    response = client.get("https://host.com/json")
    assert response.extensions["attestation"]["trusted"] is True
    assert names.count("host.com") == 1


def test_merge(run: Callable[[int], Namespace]) -> None:
    compose = run(number("import merge_with"))["compose"]
    assert (compose["name"], compose["allowed_envs"]) == ("web", ["TOKEN"])
    assert compose["runner"] == "docker-compose"


def test_every_block_is_run_here() -> None:
    assert len(blocks()) == 8


def test_every_parameter_of_the_table_exists() -> None:
    table = README.read_text(encoding="utf-8").partition("**kwargs")[2]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall("`(\\w+)`", row)}
    assert len(named) >= 14
    assert named <= set(atlas.policy.dstack_tdx_policy.__annotations__)
