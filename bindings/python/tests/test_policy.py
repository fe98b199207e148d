# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What the functions of atlas.policy build, and what they refuse."""

import collections
import datetime
import inspect
import json
import pathlib
import re
from typing import Any

import pytest

from atlas import _core
from atlas.policy import (
    dev_policy,
    dstack_tdx_policy,
    merge_with_default_app_compose,
)

REGISTER = "ab" * 48
HASH = "cd" * 32
BOOTCHAIN: dict[str, Any] = {
    name: REGISTER for name in ("mrtd", "rtmr0", "rtmr1", "rtmr2")
}
COMPLETE: dict[str, Any] = {
    "expected_bootchain": BOOTCHAIN,
    "os_image_hash": HASH,
    "compose_hash": HASH,
}
DOCUMENTED = pathlib.Path(__file__).parents[3] / "docs" / "policy.md"

# One row for each argument that is the member of the same name: a value, and
# what it becomes where that is not the value itself.
MEMBERS: dict[str, Any] = {
    "allowed_tcb_status": ["UpToDate", "OutOfDate"],
    "cache_collateral": False,
    "pccs_url": ["https://pccs.example.org/", ""],
    "partial": False,
    "tee_type": "Tdx",
    "allowed_tdx_status": ("SWHardeningNeeded",),
    "min_tcb_evaluation_data_number": 18,
    "min_tcb_date": datetime.date(2024, 3, 13),
    "denied_advisories": ["INTEL-SA-00289"],
    "accepted_advisories": ["INTEL-SA-00615"],
    "min_tdx_tcb": {"tee_tcb_svn": "05" * 16},
    "max_collateral_age_secs": 604800,
    "collateral_grace_secs": 0,
    "collateral_rollback": "warn",
    "staple": True,
    "trusted_root": pathlib.PurePosixPath("/etc/root.pem"),
    "ca_file": pathlib.PurePosixPath("/etc/ca.pem"),
    "expected_rtmr3": REGISTER,
    "mr_seam": [REGISTER],
    "mr_config_id": REGISTER,
    "mr_owner": REGISTER,
    "mr_owner_config": REGISTER,
    "allow_debug": True,
    "allow_service_td": True,
    "require_sept_ve_disable": False,
    "td_attributes": {"mask": "03" + "00" * 7, "value": "00" * 8},
    "xfam": {"mask": "03" + "00" * 7, "value": "03" + "00" * 7},
    "wires": ["v2"],
    "certificate_event": "required",
    "reattestation_interval_secs": 0,
    "accept_self_signed_certs": True,
    "pinned": {"at": "2026-01-01", "from": "enclave.example.com:443", "how": "quote"},
}
BECOMES = {
    "allowed_tdx_status": ["SWHardeningNeeded"],
    "min_tcb_date": "2024-03-13",
    "trusted_root": "/etc/root.pem",
    "ca_file": "/etc/ca.pem",
}
# Arguments that other tests are about.
ELSEWHERE = {
    "app_compose",
    "app_compose_docker_compose_file",
    "app_compose_allowed_envs",
    "pre_launch_script",
    "compose_hash",
    "compose_file",
    "expected_bootchain",
    "os_image_hash",
    "disable_runtime_verification",
    "grace_period",
}


def arguments() -> set[str]:
    return set(inspect.signature(dstack_tdx_policy).parameters)


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in COMPLETE.items() if name not in names}


def accepted(policy: dict[str, Any]) -> bool:
    """Does the core read it, and is it JSON and nothing but?"""
    text = json.dumps(policy)
    assert json.loads(text) == policy
    _core.Policy(text.encode())
    return True


def test_complete_policy_has_what_was_given_and_no_more() -> None:
    policy = dstack_tdx_policy(**COMPLETE)
    assert policy == {"type": "dstack_tdx", **COMPLETE}
    assert next(iter(policy)) == "type"
    assert accepted(policy)


@pytest.mark.parametrize("name", MEMBERS)
def test_each_member(name: str) -> None:
    policy = dstack_tdx_policy(**COMPLETE, **{name: MEMBERS[name]})
    assert policy[name] == BECOMES.get(name, MEMBERS[name])
    assert accepted(policy)


def test_every_argument_is_tested() -> None:
    assert arguments() == set(MEMBERS) | ELSEWHERE


def test_every_documented_member_is_an_argument() -> None:
    """Rows of docs/policy.md, but for those of other types."""
    named: set[str] = set()
    section = ""
    for line in DOCUMENTED.read_text(encoding="utf-8").splitlines():
        section = line if line.startswith("## ") else section
        row = line.split("|")[1:4] if line.startswith("| `") else []
        if "`sgx`" in section or (len(row) == 3 and row[1].strip() == "`tdx`"):
            continue
        named |= set(re.findall("`([a-z_0-9]+)`", row[0])) if row else set()
    assert len(named) > 30
    assert named - {"type"} == arguments() - {
        "app_compose_docker_compose_file",
        "app_compose_allowed_envs",
        "pre_launch_script",
    }


def test_dates_with_time() -> None:
    moment = datetime.datetime(2024, 3, 13, 12, tzinfo=datetime.timezone.utc)
    policy = dstack_tdx_policy(**COMPLETE, min_tcb_date=moment)
    assert policy["min_tcb_date"] == "2024-03-13T12:00:00+00:00"


def test_compose_file_is_a_path(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "app-compose.json"
    file.write_text("{}\n")
    policy = dstack_tdx_policy(**without("compose_hash"), compose_file=file)
    assert policy["compose_file"] == str(file)


def test_grace_period_needs_a_status_that_it_shortens() -> None:
    policy = dstack_tdx_policy(
        **COMPLETE, allowed_tcb_status=["UpToDate", "OutOfDate"], grace_period=1_209_600
    )
    assert policy["grace_period"] == 1_209_600
    with pytest.raises(ValueError, match="grace_period"):
        dstack_tdx_policy(**COMPLETE, grace_period=1_209_600)


def test_app_compose_alone_is_taken_as_it_is() -> None:
    compose = {"name": "web", "extra": [1, 2.5, None, "é"]}
    policy = dstack_tdx_policy(**without("compose_hash"), app_compose=compose)
    assert policy["app_compose"] == compose
    assert list(policy["app_compose"]) == ["name", "extra"]


def test_app_compose_with_overrides() -> None:
    compose = {"docker_compose_file": "old", "name": "web"}
    policy = dstack_tdx_policy(
        **without("compose_hash"),
        app_compose=compose,
        app_compose_docker_compose_file="services: {}\n",
        app_compose_allowed_envs=["TOKEN"],
    )
    assert policy["app_compose"] == {
        "docker_compose_file": "services: {}\n",
        "name": "web",
        "allowed_envs": ["TOKEN"],
    }
    assert compose == {"docker_compose_file": "old", "name": "web"}
    assert not {k for k in policy if k.startswith("app_compose_")}


@pytest.mark.parametrize(
    ("argument", "member", "value"),
    [
        ("app_compose_docker_compose_file", "docker_compose_file", "services: {}\n"),
        ("app_compose_docker_compose_file", "docker_compose_file", ""),
        ("app_compose_allowed_envs", "allowed_envs", ["TOKEN"]),
        ("app_compose_allowed_envs", "allowed_envs", []),
        ("pre_launch_script", "pre_launch_script", "#!/bin/sh\n"),
        ("pre_launch_script", "pre_launch_script", {"sha256": [HASH]}),
    ],
)
def test_an_override_alone_changes_the_default(
    argument: str, member: str, value: Any
) -> None:
    policy = dstack_tdx_policy(**without("compose_hash"), **{argument: value})
    default = json.loads(_core.COMPOSE_DEFAULT)
    assert policy["app_compose"] == {**default, member: value}
    assert list(policy["app_compose"]) == list(default)
    assert accepted(policy)


def test_default_script_is_a_hash() -> None:
    compose = merge_with_default_app_compose({})
    assert compose == json.loads(_core.COMPOSE_DEFAULT)
    assert compose["pre_launch_script"] == {
        "sha256": ["edd7311d8caed101ff09506a65c29c2bf5739af1b0fffe4dd545fa0f0c86b59f"]
    }


def test_merge_is_shallow_and_keeps_places() -> None:
    default = merge_with_default_app_compose({})
    user = {"zeta": {"a": 1}, "features": ["kms"], "alpha": None, "name": "é\n"}
    merged = merge_with_default_app_compose(user)
    assert merged == {**default, **user}
    assert list(merged) == [*default, "zeta", "alpha"]
    assert user == {"zeta": {"a": 1}, "features": ["kms"], "alpha": None, "name": "é\n"}


@pytest.mark.parametrize("user", [[], "text", 1, None])
def test_merge_wants_an_object(user: Any) -> None:
    with pytest.raises(ValueError, match="app_compose"):
        merge_with_default_app_compose(user)


def test_policy_shares_nothing_with_the_caller() -> None:
    bootchain = {name: [REGISTER] for name in BOOTCHAIN}
    policy = dstack_tdx_policy(
        **without("expected_bootchain"), expected_bootchain=bootchain
    )
    bootchain["mrtd"].append(HASH)
    assert policy["expected_bootchain"]["mrtd"] == [REGISTER]


def test_other_mappings_and_sequences() -> None:
    policy = dstack_tdx_policy(
        **without("expected_bootchain", "os_image_hash"),
        expected_bootchain=collections.ChainMap(BOOTCHAIN),
        os_image_hash=collections.UserList([HASH]),
    )
    assert policy["expected_bootchain"] == BOOTCHAIN
    assert policy["os_image_hash"] == [HASH]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "expected_bootchain"),
        (without("expected_bootchain"), "expected_bootchain and os_image_hash"),
        (without("os_image_hash"), "expected_bootchain and os_image_hash"),
        (without("compose_hash"), "app_compose"),
        ({**COMPLETE, "expected_bootchain": {"mrtd": REGISTER}}, "rtmr0"),
        ({**COMPLETE, "expected_bootchain": {**BOOTCHAIN, "rtmr9": HASH}}, "rtmr9"),
        ({**COMPLETE, "os_image_hash": HASH[2:]}, "os_image_hash"),
        ({**COMPLETE, "os_image_hash": ""}, "os_image_hash"),
        ({**COMPLETE, "os_image_hash": []}, "os_image_hash"),
        ({**COMPLETE, "os_image_hash": 5}, "os_image_hash"),
        ({**COMPLETE, "allowed_tcb_status": []}, "allowed_tcb_status"),
        ({**COMPLETE, "allowed_tcb_status": ["uptodate"]}, "UpToDate"),
        ({**COMPLETE, "partial": "yes"}, "partial"),
        ({**COMPLETE, "disable_runtime_verification": 0}, "disable_runtime_verif"),
        ({**COMPLETE, "reattestation_interval_secs": -1}, "reattestation_interval"),
        ({**COMPLETE, "grace_period": float("nan")}, "JSON"),
        ({**COMPLETE, "pccs_url": "\ud800"}, "surrogates"),
        (
            {**COMPLETE, "allowed_tcb_status": ["UpToDate"],
             "allowed_tdx_status": ["UpToDate"]},
            "allowed_t",
        ),
        (
            {"disable_runtime_verification": True, "accept_self_signed_certs": True},
            "accept_self_signed_certs",
        ),
    ],
)  # fmt: skip
def test_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dstack_tdx_policy(**given)


def test_unknown_argument() -> None:
    with pytest.raises(TypeError, match="allowed_tcb_statuses"):
        dstack_tdx_policy(**COMPLETE, allowed_tcb_statuses=["UpToDate"])  # type: ignore[call-arg]


def test_value_that_is_not_json() -> None:
    with pytest.raises(TypeError, match="bytes"):
        dstack_tdx_policy(**without("os_image_hash"), os_image_hash=b"ab")  # type: ignore[arg-type]


def test_partial_leaves_out_what_it_likes() -> None:
    for given in ({}, without("os_image_hash"), without("expected_bootchain")):
        assert accepted(dstack_tdx_policy(**given, partial=True))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("app_compose", {}),
        ("app_compose_docker_compose_file", ""),
        ("app_compose_allowed_envs", []),
        ("pre_launch_script", ""),
        ("compose_hash", HASH),
        ("compose_file", "app-compose.json"),
        ("expected_bootchain", BOOTCHAIN),
        ("os_image_hash", HASH),
    ],
)
def test_runtime_arguments_are_not_dropped(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"nothing of {name}: leave out"):
        dstack_tdx_policy(disable_runtime_verification=True, **{name: value})


def test_disabled_runtime_keeps_the_rest() -> None:
    policy = dstack_tdx_policy(
        disable_runtime_verification=True, pccs_url="", expected_rtmr3=REGISTER
    )
    assert policy == {
        "type": "dstack_tdx",
        "disable_runtime_verification": True,
        "pccs_url": "",
        "expected_rtmr3": REGISTER,
    }


def test_dev_policy() -> None:
    policy = dev_policy()
    assert policy["disable_runtime_verification"] is True
    assert {"UpToDate", "SWHardeningNeeded", "OutOfDate"} <= set(
        policy["allowed_tcb_status"]
    )
    assert "Revoked" not in policy["allowed_tcb_status"]
    assert set(policy) == {"type", "allowed_tcb_status", "disable_runtime_verification"}
    policy["allowed_tcb_status"].clear()
    assert dev_policy()["allowed_tcb_status"]
    assert accepted(dev_policy())
