# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Many at a time, in threads and processes, and for long."""

import json
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from atlas import AtlsVerificationError, httpx
from enclave import HOST, LIMIT_S, Enclave, Names

URL = f"https://{HOST}"

# What scripts begin with; the fixture `script` gives them arguments.
PROLOGUE = """
import json, os, sys, threading
from atlas import AtlsVerificationError, httpx
policy, wrong = map(json.loads, sys.argv[1:3])
url = sys.argv[3]
settings = {"atls_policy_per_hostname": {"localhost": policy}, "timeout": 30}
"""

Script = Callable[..., str]


@pytest.fixture
def script(enclave: Enclave) -> Script:
    """Runs a program with an enclave at `url`; what it printed. It must end by
    itself and have nothing to complain about."""
    roots = {"ca_file": str(enclave.authority.root)}

    def run(text: str, limit_s: float = 2 * LIMIT_S) -> str:
        run = subprocess.run(
            [sys.executable, "-c", PROLOGUE + textwrap.dedent(text)]
            + [json.dumps(enclave.policy(**roots))]
            + [json.dumps({**enclave.wrong_policy(), **roots})]
            + [f"https://localhost:{enclave.serve.port}"],
            capture_output=True,
            text=True,
            timeout=limit_s,
        )
        assert (run.returncode, run.stderr) == (0, ""), run.stdout
        return run.stdout

    return run


@pytest.fixture
def settings(enclave: Enclave, policy: dict[str, Any]) -> dict[str, Any]:
    return {
        "atls_policy_per_hostname": {HOST: policy},
        "verify": enclave.authority.believed(),
        "timeout": LIMIT_S,
    }


# --- concurrency ---


@pytest.mark.anyio
async def test_200_concurrent_requests(settings: dict[str, Any], names: Names) -> None:
    answers: dict[int, httpx.Response] = {}

    async with httpx.AsyncClient(**settings) as client:

        async def ask(number: int) -> None:
            answers[number] = await client.get(f"{URL}/echo?{number}")

        async with anyio.create_task_group() as tasks:
            for number in range(200):
                tasks.start_soon(ask, number)
    assert {n: r.json()["path"] for n, r in answers.items()} == {
        n: f"/echo?{n}" for n in range(200)
    }
    assert all(r.extensions["attestation"]["trusted"] for r in answers.values())
    assert 1 <= names.count(HOST) <= 100  # httpx's own limit


@pytest.mark.anyio
async def test_concurrent_refusals(settings: dict[str, Any], enclave: Enclave) -> None:
    settings["atls_policy_per_hostname"] = {HOST: enclave.wrong_policy()}
    refused = []

    async with httpx.AsyncClient(**settings) as client:

        async def ask() -> None:
            with pytest.raises(AtlsVerificationError) as caught:
                await client.get(f"{URL}/json")
            refused.append(caught.value.code)

        async with anyio.create_task_group() as tasks:
            for _ in range(30):
                tasks.start_soon(ask)
    assert refused == ["not_trusted"] * 30
    assert enclave.web.seen == []


def test_threads_with_clients_of_their_own(settings: dict[str, Any]) -> None:
    wrong: list[object] = []

    def work(number: int) -> None:
        try:
            for i in range(3):
                with httpx.Client(**settings) as client:
                    echo = client.get(f"{URL}/echo?{number}-{i}").json()
                if echo["path"] != f"/echo?{number}-{i}":
                    wrong.append(echo)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# --- processes ---


@pytest.mark.skipif(not hasattr(sys, "getdlopenflags"), reason="fork is of Unix")
def test_fork(script: Script) -> None:
    """A child has the client, but not the connections: those are the parent's."""
    said = script(
        """
        client = httpx.Client(**settings)
        evidence = lambda r: r.extensions["attestation"]["evidence"]
        first = client.get(url + "/json")
        for _ in range(3):
            child = os.fork()
            if child == 0:
                ok = client.get(url + "/echo?child").json()["path"] == "/echo?child"
                with httpx.Client(**settings) as own:
                    ok = ok and own.get(url + "/json").status_code == 200
                client.close()
                os._exit(0 if ok else 1)
            _, status = os.waitpid(child, 0)
            assert status == 0, status
            again = client.get(url + "/echo?parent")
            assert again.json()["path"] == "/echo?parent"
            assert evidence(again) == evidence(first)  # the same connection
        client.close()
        print("done")
        """
    )
    assert said == "done\n"


@pytest.mark.skipif(not hasattr(sys, "getdlopenflags"), reason="fork is of Unix")
def test_fork_while_a_lock_is_held(script: Script) -> None:
    """The package's own, by a thread that the child does not have."""
    said = script(
        """
        import warnings
        from atlas import _shared
        warnings.simplefilter("ignore")  # 3.12 on: of threads and fork together
        httpx.get(url + "/json", **settings)
        held, done = threading.Event(), threading.Event()

        def hold():
            with _shared._shared.lock:
                held.set()
                done.wait()

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait()
        child = os.fork()
        if child == 0:
            os._exit(httpx.get(url + "/json", **settings).status_code != 200)
        assert os.waitpid(child, 0)[1] == 0
        done.set()
        thread.join()
        print("done")
        """
    )
    assert said == "done\n"


@pytest.mark.skipif(not hasattr(sys, "getdlopenflags"), reason="fork is of Unix")
def test_fork_while_threads_attest(script: Script) -> None:
    """No lock of the package stays held in the child. (Those that Python holds
    while it imports do, and those that OpenSSL holds while its ssl makes a
    context: so all of that is done before.)"""
    said = script(
        """
        import warnings
        warnings.simplefilter("ignore")  # 3.12 on: of threads and fork together
        stop = threading.Event()
        attesting = threading.Barrier(4, timeout=30)

        def work():
            with httpx.Client(**settings) as client:
                attest = lambda: client.get(url + "/json", headers=once)
                attest()
                attesting.wait()
                while not stop.is_set():
                    attest()

        once = {"Connection": "close"}
        threads = [threading.Thread(target=work) for _ in range(3)]
        for t in threads:
            t.start()
        attesting.wait()
        for _ in range(10):
            child = os.fork()
            if child == 0:
                os._exit(httpx.get(url + "/json", **settings).status_code != 200)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        for t in threads:
            t.join()
        print("done")
        """
    )
    assert said == "done\n"


def test_processes_that_are_spawned(script: Script) -> None:
    """Errors of verification can be handed from process to process."""
    script(
        """
        import pickle
        settings["atls_policy_per_hostname"] = {"localhost": wrong}
        try:
            httpx.get(url + "/json", **settings)
        except AtlsVerificationError as e:
            again = pickle.loads(pickle.dumps(e))
            assert (again.code, str(again)) == (e.code, str(e)), again
            assert again.checks == e.checks != []
        else:
            raise SystemExit("trusted")
        """
    )


# --- the end of the interpreter ---

ENDS = {
    "client is open": """
        client = httpx.Client(**settings)
        client.get(url + "/json")
        """,
    "answer is half read": """
        client = httpx.Client(**settings)
        response = client.send(client.build_request("GET", url + "/big?5000000"),
                               stream=True)
        next(response.iter_bytes())
        """,
    "daemon thread waits for an answer": """
        client = httpx.Client(**settings)
        response = client.send(client.build_request("GET", url + "/events"),
                               stream=True)
        pieces = response.iter_raw()
        next(pieces)
        started = threading.Event()

        def wait():
            started.set()
            next(pieces)

        threading.Thread(target=wait, daemon=True).start()
        started.wait()
        """,
    "daemon threads attest": """
        settings["timeout"] = 5
        once = threading.Event()

        def work():
            while True:
                httpx.get(url + "/json", **settings)
                once.set()

        for _ in range(3):
            threading.Thread(target=work, daemon=True).start()
        once.wait()
        """,
    "asynchronous client is open": """
        import asyncio

        async def main():
            global client
            client = httpx.AsyncClient(**settings)
            await client.get(url + "/json")

        asyncio.run(main())
        """,
    "in a cycle": """
        client = httpx.Client(**settings)
        response = client.get(url + "/json")
        client.me, response.client = client, client
        """,
    "exit handler asks": """
        import atexit
        client = httpx.Client(**settings)
        client.get(url + "/json")
        atexit.register(lambda: client.get(url + "/json").raise_for_status())
        """,
}


@pytest.mark.parametrize("end", ENDS)
def test_interpreter_shuts_down(script: Script, end: str) -> None:
    script(ENDS[end])


def test_import_does_nothing(script: Script) -> None:
    """No thread, no descriptor, and no extension that is not needed."""
    code = """
        import subprocess
        probe = (
            "import os, sys, threading\\n"
            "before = set(os.listdir('/proc/self/fd'))\\n"
            "import atlas\\n"
            "import atlas.httpx, atlas.policy\\n"
            "assert threading.active_count() == 1\\n"
            "assert set(os.listdir('/proc/self/fd')) == before\\n"
        )
        subprocess.run([sys.executable, "-c", probe], check=True)
        """
    script(code)


# --- for long ---

MEASURE = """
def descriptors():
    return len(os.listdir("/proc/self/fd"))

def resident_kib():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_1000_connections_leave_nothing(script: Script, enclave: Enclave) -> None:
    said = script(
        textwrap.dedent(MEASURE)
        + textwrap.dedent(
            """
            import gc
            none = httpx.Limits(max_keepalive_connections=0)
            with httpx.Client(limits=none, **settings) as client:
                def some(count):
                    for _ in range(count):
                        client.get(url + "/json")
                    gc.collect()
                    return descriptors(), resident_kib()
                fds, kib = some(200)
                fds_after, kib_after = some(800)
            assert fds_after == fds, (fds, fds_after)
            print(kib_after - kib)
            """
        ),
        limit_s=10 * LIMIT_S,
    )
    assert int(said) < 4096, "grown by so many KiB"
    assert len(enclave.web.seen) == 1000


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_refused_connections_and_clients_leave_nothing(script: Script) -> None:
    said = script(
        textwrap.dedent(MEASURE)
        + textwrap.dedent(
            """
            import gc
            refused = {**settings, "atls_policy_per_hostname": {"localhost": wrong}}
            def some(count):
                for _ in range(count):
                    with httpx.Client(**settings) as client:
                        client.get(url + "/json")
                    try:
                        httpx.get(url + "/json", **refused)
                    except AtlsVerificationError:
                        continue
                    raise SystemExit("trusted")
                gc.collect()
                return descriptors(), resident_kib()
            fds, kib = some(50)
            fds_after, kib_after = some(150)
            assert fds_after == fds, (fds, fds_after)
            print(kib_after - kib)
            """
        ),
        limit_s=10 * LIMIT_S,
    )
    assert int(said) < 4096, "grown by so many KiB"


def test_crowded(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for others to be attested does not wait for ever."""
    monkeypatch.setattr("atlas._attested._ATTESTING_MAX", 0)
    settings["timeout"] = 0.2
    with httpx.Client(**settings) as client:
        with pytest.raises(httpx.ConnectTimeout, match="other connections"):
            client.get(URL)


@pytest.mark.anyio
async def test_crowded_async(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atlas._attested._ATTESTING_MAX", 0)
    settings["timeout"] = 0.2
    async with httpx.AsyncClient(**settings) as client:
        with pytest.raises(httpx.ConnectTimeout, match="other connections"):
            await client.get(URL)
