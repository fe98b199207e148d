# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The Python blocks of the readmes run as they stand: those of the package's
README.md, each behind its first one, that of the repository's, and where the
optional folder ASSAY_SHARED is there, those of the readme whose interface this
package has.

What is different from a real deployment:

- A string that ends in three dots stands for a value that the reader has to
  fill in: it becomes what the simulated platform has under the name before it.
- The simulator's quotes follow to a root of its own. So both functions that make
  policies add `trusted_root` and `pccs_url`, and the SHA-256 of the simulated
  app's start script, since the usual script is not ours to have.
- The environment names the CA of the tests, and names lead to loopback.
"""

import ast
import functools
import hashlib
import importlib.util
import os
import pathlib
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import atlas.policy
from atlas import AtlsVerificationError
from enclave import COMPOSE, HOST, SCRIPT, Enclave, Names, Web

PACKAGE = pathlib.Path(__file__).parents[1] / "README.md"
REPOSITORY = pathlib.Path(__file__).parents[3] / "README.md"
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)
INDENTED = re.compile(r"(?:^    .*\n|^\n(?=    ))+", re.M)
IMPORT = r"^ *(from \S+ import .*|import [\w.]+)$"
FROM_IMPORT = re.compile(IMPORT + r".*", re.S | re.M)
PLACEHOLDER = re.compile(r'(\w+)("?\s*[:=]\s*)"[0-9a-f]*\.\.\."')

Namespace = dict[str, Any]
Run = Callable[..., Namespace]


def blocks(readme: pathlib.Path) -> list[str]:
    """All Python, fenced or indented: indented, from the first import on."""
    text = readme.read_text(encoding="utf-8")
    found = [code for language, code in FENCED.findall(text) if language == "python"]
    indented = map(textwrap.dedent, INDENTED.findall(FENCED.sub("", text)))
    return found + [code[0] for run in indented if (code := FROM_IMPORT.search(run))]


def block(needle: str) -> str:
    """The one of the package that has this in it."""
    (found,) = [block for block in blocks(PACKAGE) if needle in block]
    return found


def said(pattern: str, text: str) -> Any:
    """What a comment of the readme promises."""
    found = re.search(pattern, text)
    assert found, f"no promise like {pattern}"
    return found[1]


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
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(enclave.authority.root))


@pytest.fixture
def run(enclave: Enclave, deployment: None) -> Iterator[Run]:
    """Runs blocks, behind the package's first one, which makes `policy`; the value
    of an expression at the end is `_`, as in a Python that is typed into."""
    namespace: Namespace = {"__name__": "readme"}

    def run(*wanted: str) -> Namespace:
        values = {
            **enclave.measurements,
            "os_image_hash": enclave.os_image_hash,
            "app_compose_docker_compose_file": COMPOSE,
        }
        first = blocks(PACKAGE)[0]
        for text in (first, *(block for block in wanted if block != first)):
            tree = ast.parse(filled_in(text, values))
            if isinstance(tree.body[-1], ast.Expr):
                (last,) = ast.parse("_ = 0").body
                last.value = tree.body[-1].value
                tree.body[-1] = last
            exec(compile(tree, text, "exec"), namespace)
        return namespace

    yield run
    for name in ("client", "session"):
        if name in namespace:
            namespace[name].close()


def test_quick_start(run: Run, capsys: pytest.CaptureFixture[str], web: Web) -> None:
    text = blocks(PACKAGE)[0]
    found = run(text)
    assert web.paths == ["/api/data"]
    first, second = capsys.readouterr().out.splitlines()
    assert first == "200"
    attestation = ast.literal_eval(second)
    promised = ast.literal_eval(said(r"# ({.*), \.\.\.}", text) + "}")
    assert promised.keys() == {"trusted", "tee_type", "tcb_status"}
    assert {name: attestation[name] for name in promised} == promised
    assert found["policy"]["app_compose"]["docker_compose_file"] == COMPOSE


def test_quick_start_with_another_value(
    run: Run, enclave: Enclave, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The values are what decides."""
    monkeypatch.setattr(
        Enclave, "measurements", {**enclave.measurements, "rtmr2": "00" * 48}
    )
    with pytest.raises(AtlsVerificationError, match="rtmr2"):
        run()
    assert enclave.web.seen == []


def test_development_policy(run: Run, web: Web) -> None:
    response = run(block("import dev_policy"))["response"]
    assert response.status_code == 200
    assert response.extensions["attestation"]["trusted"] is True
    assert web.paths[-1] == "/health"


def test_asynchronous(run: Run, web: Web) -> None:
    run(block("AsyncClient"))
    assert web.paths == ["/api/data"] * 2


def test_one_request(run: Run, names: Names) -> None:
    response = run(block("response = httpx.get("))["response"]
    assert response.extensions["attestation"]["trusted"] is True
    assert names.count(HOST) == 2


def test_a_server_that_does_not_prove_itself(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    text = block("except AtlsVerificationError")
    run(text)
    printed = capsys.readouterr().out.splitlines()[2:]
    assert printed[0] == said(r"print\(error.code\)  # (\w+)", text) == "not_trusted"
    assert any(line.startswith("os_image_hash ") for line in printed[1:])


@pytest.mark.skipif(
    importlib.util.find_spec("openai") is None, reason="openai is not installed"
)
def test_openai(run: Run, web: Web) -> None:
    client = run(block("import openai"))["client"]
    client.models.list()
    assert web.paths[-1] == "/v1/models"
    assert web.fields()["authorization"] == "Bearer sk-example"


@pytest.mark.skipif(
    importlib.util.find_spec("requests") is None, reason="requests is not installed"
)
def test_requests(run: Run, web: Web) -> None:
    assert run(block("from atlas import requests"))["_"]["trusted"] is True
    assert web.paths == ["/api/data"] * 2
    assert "requests" in web.fields()["user-agent"]


def test_client(run: Run, names: Names) -> None:
    client = run(block("from atlas.httpx import Client"))["client"]
    response = client.get("https://host.com/json")
    assert response.extensions["attestation"]["trusted"] is True
    assert names.count("host.com") == 1


def test_merge(run: Run) -> None:
    compose = run(block("import merge_with"))["compose"]
    assert (compose["name"], compose["allowed_envs"]) == ("web", ["TOKEN"])
    assert compose["runner"] == "docker-compose"


def test_every_block_is_run_here() -> None:
    assert len(blocks(PACKAGE)) == 9
    assert len(blocks(REPOSITORY)) == 1


@pytest.mark.parametrize("readme", [PACKAGE, REPOSITORY], ids=["package", "repository"])
def test_no_python_is_overlooked(readme: pathlib.Path) -> None:
    """Behind a fence of another language, for example."""
    imports = re.findall(IMPORT, readme.read_text(encoding="utf-8"), re.M)
    run = [line for block in blocks(readme) for line in block.splitlines()]
    assert imports and [line for line in imports if line not in run] == []


def test_the_repositorys(run: Run, web: Web) -> None:
    response = run(*blocks(REPOSITORY))["response"]
    assert response.extensions["attestation"]["tcb_status"] == "UpToDate"
    assert web.paths[-1] == "/v1/models"


# --- the tables -------------------------------------------------------------


def table(readme: pathlib.Path, before: str) -> set[str]:
    """The names in the first column of the table behind this text."""
    _, found, text = readme.read_text(encoding="utf-8").partition(before)
    rows = re.search(r"(?:^\|.*\n)+", text, re.M)
    assert found and rows
    names = [row.split("|")[1] for row in rows[0].splitlines()[2:]]
    return {name for cell in names for name in re.findall("`(\\w+)`", cell)}


def test_parameters() -> None:
    named = table(PACKAGE, "**kwargs")
    assert len(named) >= 14
    assert named <= set(atlas.policy.dstack_tdx_policy.__annotations__)


def test_members_of_an_attestation(run: Run) -> None:
    found = run()["response"].extensions["attestation"]
    assert table(PACKAGE, 'response.extensions["attestation"]`') == found.keys()


# --- whose interface this is ------------------------------------------------


@pytest.fixture
def another() -> pathlib.Path:
    shared = os.environ.get("ASSAY_SHARED") or REPOSITORY.parents[1] / "shared"
    readme = pathlib.Path(shared) / "readmes" / "atlas-python.md"
    if not readme.exists():
        pytest.skip("another readme: ASSAY_SHARED does not have it")
    return readme


def test_another_readme(run: Run, web: Web, another: pathlib.Path) -> None:
    quick, development, client = blocks(another)
    for text, path in ((quick, "/api/data"), (development, "/health")):
        response = run(text)["response"]
        assert response.extensions["attestation"]["trusted"] is True
        assert web.paths[-1] == path
    made = run(quick, client)["client"]
    assert made.get("https://host.com/json").json() == {"answer": 42}


def test_parameters_of_another_readme(another: pathlib.Path) -> None:
    named = table(another, "**kwargs")
    assert len(named) == 9
    assert named <= set(atlas.policy.dstack_tdx_policy.__annotations__)
