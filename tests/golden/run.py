# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The command line, word for word.

NAME.cmd is one line for sh; NAME.out, NAME.err and NAME.code are what it must
print and return (no NAME.err: nothing). Each case runs in a folder of its own
beside the minted platforms below, which are the same on every machine.

usage: run.py [--update] [NAME...]     --update writes what is seen; read it!
Environment: ASSAY_BIN, the folder of the programs (default build/bin).
"""
import base64
import difflib
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(os.environ.get("ASSAY_BIN") or HERE.parents[1] / "build/bin")
LIMIT_S = 60

# Folder of the platform: options of assay-mint.
WORLDS = {
    "tdx": "",
    "sgx": "--version 3",
    "sgx-v5": "--version 5 --body 1",
    "td15": "--version 5 --body 3",
    "td15x": "--version 5 --body 4",
    "processor-ca": "--version 3 --processor-ca",
    "leaf-only": "--cert-type 4",
    "old-launch": "--version 5 --old-launch",
    "revoked": "--revoked",
    "expired": "--expired",
    "debug": "--debug",
    "sgx-debug": "--version 3 --debug",
    "out-of-date": "--status OutOfDate",
    "withdrawn": "--status Revoked",
    "qe-out-of-date": "--qe-status OutOfDate",
    "module-out-of-date": "--module-status OutOfDate",
    "other-platform": "--fmspc 00906ED50000",
    "other-root": "--seed " + "0f" * 32,
}
MINT = [str(BIN / "assay-mint"), "--at", "2026-01-01", "--seed", "5a" * 32]

# What the TD of the folder "dstack" has measured: register, name, payload.
RUNTIME = 0x08000001
EVENTS = [
    (0, "firmware", b""),
    (1, "kernel", b""),
    (2, "initrd", b""),
    (3, "system-preparing", b""),
    (3, "app-id", b"\xa1" * 20),
    (3, "compose-hash", hashlib.sha256(b"{}").digest()),
    (3, "instance-id", b"\x11" * 20),
    (3, "os-image-hash", b"\x05" * 32),
    (3, "key-provider", b'{"name":"kms","id":"ab"}'),
    (3, "system-ready", b""),
]

# A certificate of tee.example.com, valid from 2025 to 2045; its key is gone.
CERTIFICATE = base64.b64decode("""
MIIBbTCCARSgAwIBAgIBATAKBggqhkjOPQQDAjAaMRgwFgYDVQQDDA90ZWUuZXhhbXBs
ZS5jb20wHhcNMjUwMTAxMDAwMDAwWhcNNDUwMTAxMDAwMDAwWjAaMRgwFgYDVQQDDA90
ZWUuZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATZd0uYZJf/6XtO
dRLk0u+SWsq26TYaujsD8Me9tFj+xHjBefQnnMZabPLlTR3IPEWgOfpYdMtqiCSVI5qV
/uD1o0swSTAaBgNVHREEEzARgg90ZWUuZXhhbXBsZS5jb20wDAYDVR0TAQH/BAIwADAd
BgNVHQ4EFgQUkHybcAGJ48GgFfe//uXvAiSKJScwCgYIKoZIzj0EAwIDRwAwRAIgXpuc
RP08h59d3uqaTaHxAYYMNjODWDnt+3DF9DwBQbcCIDKssWfxddDTqdr3VZOh1jsKt/G6
/xIjrq53frxkrhsQ""")
NONCE, EXPORTER = bytes(range(32)), bytes(range(32, 64))

ENVIRONMENT = {
    "PATH": f"{BIN.resolve()}:/usr/bin:/bin",
    "LC_ALL": "C",
    "HOME": "/nonexistent",
}
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
    if name in os.environ:
        ENVIRONMENT[name] = os.environ[name]


def mint_one(folder, options):
    subprocess.run([*MINT, "--out", str(folder), *options], check=True,
                   timeout=LIMIT_S)


def mint_dstack(folder, events, *options):
    """A TD with an event log: log.json, and reply.json around the same."""
    log = []
    registers = [bytes(48)] * 4
    for imr, name, payload in events:
        kind = RUNTIME if imr == 3 else 4
        digest = hashlib.sha384(b":".join(
            (kind.to_bytes(4, "little"), name.encode(), payload))).digest()
        registers[imr] = hashlib.sha384(registers[imr] + digest).digest()
        log.append({"imr": imr, "event_type": kind, "digest": digest.hex(),
                    "event": name, "event_payload": payload.hex()})
    config_id = b"\1" + EVENTS[5][2] + bytes(15)
    options = [*options, "--mr-config-id", config_id.hex()]
    for i, value in enumerate(registers):
        options += ["--rtmr", f"{i}:{value.hex()}"]
    mint_one(folder, options)
    policy = {"type": "dstack_tdx", "expected_bootchain": {
        "mrtd": "3d" * 48, "rtmr0": registers[0].hex(),
        "rtmr1": registers[1].hex(), "rtmr2": registers[2].hex()},
        "compose_hash": EVENTS[5][2].hex(), "os_image_hash": "05" * 32}
    forged = [dict(e) for e in log]
    forged[5]["event_payload"] = "c1" * 32
    for name, content in {
            "log.json": log,
            "reply.json": {"quote": {"event_log": json.dumps(log)}},
            "forged.json": forged,
            "policy.json": policy,
            "partial.json": {"type": "dstack_tdx", "partial": True,
                             "os_image_hash": "05" * 32},
            "dev.json": {"type": "dstack_tdx",
                         "disable_runtime_verification": True}}.items():
        (folder / name).write_text(json.dumps(content))


def mint_stored(folder):
    """A session with such a TD, stored as bundle.json."""
    announced = hashlib.sha256(CERTIFICATE).hexdigest().encode()
    mint_dstack(folder, [*EVENTS, (3, "New TLS Certificate", announced)],
                "--report-data", hashlib.sha512(NONCE + EXPORTER).hexdigest())
    root = subprocess.run(
        ["openssl", "x509", "-in", folder / "root.pem", "-outform", "DER"],
        check=True, capture_output=True, timeout=LIMIT_S).stdout
    collateral = json.loads((folder / "collateral.json").read_text())
    for member in ("trusted_root", "pck_crl_issuer_chain"):
        collateral.pop(member, None)
    bundle = {
        "format": "assay-evidence/1",
        "quote": (folder / "quote.bin").read_bytes().hex(),
        "event_log": json.loads((folder / "log.json").read_text()),
        "app_compose": "{}",
        "vm_config": '{"cpu_count":2}',
        "collateral": collateral,
        "session": {"wire": "v2", "nonce": NONCE.hex(),
                    "exporter": EXPORTER.hex(),
                    "certificate": CERTIFICATE.hex()},
        "claims": {"server_name": "tee.example.com",
                   "time": "2026-01-01T00:00:00Z",
                   "policy": {"form": "json",
                              "text": (folder / "policy.json").read_text()},
                   "root_sha256": hashlib.sha256(root).hexdigest(),
                   "verdict": {"trusted": True, "summary": "said its author"}},
    }
    (folder / "bundle.json").write_text(json.dumps(bundle))
    bundle["session"]["nonce"] = bytes(32).hex()
    bundle["claims"]["server_name"] = "other.example.com"
    (folder / "changed.json").write_text(json.dumps(bundle))


def mint(folder):
    for name, options in WORLDS.items():
        mint_one(folder / name, options.split())
    mint_dstack(folder / "dstack", EVENTS)
    mint_stored(folder / "stored")


def seen(worlds, name):
    """What the case prints: suffix to bytes."""
    with tempfile.TemporaryDirectory(prefix="assay-golden-") as folder:
        for world in [*WORLDS, "dstack", "stored"]:
            os.symlink(worlds / world, pathlib.Path(folder) / world)
        command = (HERE / f"{name}.cmd").read_text()
        ran = subprocess.run(["sh", "-c", command], cwd=folder,
                             env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                             capture_output=True, timeout=LIMIT_S, check=False)
    return {"out": ran.stdout, "err": ran.stderr,
            "code": f"{ran.returncode}\n".encode()}


def expected(name):
    def content(suffix):
        path = HERE / f"{name}.{suffix}"
        return path.read_bytes() if path.exists() else b""
    return {suffix: content(suffix) for suffix in ("out", "err", "code")}


def update(name, got):
    for suffix, content in got.items():
        path = HERE / f"{name}.{suffix}"
        if content or suffix != "err":
            path.write_bytes(content)
        else:
            path.unlink(missing_ok=True)


def differences(name, want, got):
    for suffix in want:
        if want[suffix] != got[suffix]:
            yield from difflib.unified_diff(
                want[suffix].decode(errors="replace").splitlines(),
                got[suffix].decode(errors="replace").splitlines(),
                f"{name}.{suffix} as it should be", "as seen", lineterm="")
            yield f"{name}: {suffix} differs"


def strays(names):
    """Expectations of cases that are gone would never be compared."""
    for path in sorted(HERE.iterdir()):
        if path.suffix in (".out", ".err", ".code") and path.stem not in names:
            yield f"{path.name}: there is no {path.stem}.cmd"


def main():
    arguments = [a for a in sys.argv[1:] if a != "--update"]
    names = sorted(path.stem for path in HERE.glob("*.cmd"))
    found = list(strays(names))
    with tempfile.TemporaryDirectory(prefix="assay-golden-") as folder:
        mint(pathlib.Path(folder))
        for name in arguments or names:
            got = seen(pathlib.Path(folder), name)
            if "--update" in sys.argv[1:]:
                update(name, got)
            else:
                found += differences(name, expected(name), got)
    for line in found:
        print(line)
    print(f"golden: {len(arguments or names)} cases, "
          f"{'differences' if found else 'as they should be'}")
    return 1 if found or not names else 0


if __name__ == "__main__":
    sys.exit(main())
