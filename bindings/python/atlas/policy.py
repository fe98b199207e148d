# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Policies: what a server has to prove, as plain dicts.

What is built here is JSON-serialisable and was read by the core once, so that a
mistake shows where the policy is made and not where it is used. Members that a
policy does not have get the core's defaults. All of them are explained in
docs/policy.md of the repository.
"""

import datetime
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from atlas import _core

__all__ = ["dev_policy", "dstack_tdx_policy", "merge_with_default_app_compose"]

_Hex = str | Sequence[str]  # digits, or a list of which one has to match
_Path = str | os.PathLike[str]
_Date = str | datetime.date  # a datetime.datetime, too, with its time zone

# What says which software runs: with runtime verification off nobody looks.
_RUNTIME = (
    "app_compose",
    "app_compose_docker_compose_file",
    "app_compose_allowed_envs",
    "pre_launch_script",
    "compose_hash",
    "compose_file",
    "expected_bootchain",
    "os_image_hash",
)

# Arguments that set one member of app_compose.
_OVERRIDES = {
    "app_compose_docker_compose_file": "docker_compose_file",
    "app_compose_allowed_envs": "allowed_envs",
    "pre_launch_script": "pre_launch_script",
}


def dstack_tdx_policy(
    *,
    app_compose: Mapping[str, Any] | None = None,
    expected_bootchain: Mapping[str, _Hex] | None = None,
    os_image_hash: _Hex | None = None,
    allowed_tcb_status: Sequence[str] | None = None,
    disable_runtime_verification: bool | None = None,
    app_compose_docker_compose_file: str | None = None,
    app_compose_allowed_envs: Sequence[str] | None = None,
    pccs_url: str | Sequence[str] | None = None,
    cache_collateral: bool | None = None,
    pre_launch_script: str | Mapping[str, Sequence[str]] | None = None,
    compose_hash: _Hex | None = None,
    compose_file: _Path | None = None,
    partial: bool | None = None,
    tee_type: str | None = None,
    allowed_tdx_status: Sequence[str] | None = None,
    grace_period: int | None = None,
    min_tcb_evaluation_data_number: int | None = None,
    min_tcb_date: _Date | None = None,
    denied_advisories: Sequence[str] | None = None,
    accepted_advisories: Sequence[str] | None = None,
    min_tdx_tcb: Mapping[str, Any] | None = None,
    max_collateral_age_secs: int | None = None,
    collateral_grace_secs: int | None = None,
    collateral_rollback: str | None = None,
    staple: bool | None = None,
    trusted_root: _Path | None = None,
    ca_file: _Path | None = None,
    expected_rtmr3: _Hex | None = None,
    mr_seam: _Hex | None = None,
    mr_config_id: _Hex | None = None,
    mr_owner: _Hex | None = None,
    mr_owner_config: _Hex | None = None,
    allow_debug: bool | None = None,
    allow_service_td: bool | None = None,
    require_sept_ve_disable: bool | None = None,
    td_attributes: Mapping[str, str] | None = None,
    xfam: Mapping[str, str] | None = None,
    wires: str | Sequence[str] | None = None,
    certificate_event: str | None = None,
    reattestation_interval_secs: int | None = None,
    accept_self_signed_certs: bool | None = None,
    pinned: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A policy for an app on a dstack TD, with its event log.

    None means "not given". The arguments are the members of docs/policy.md, but
    for these, which say what the app's compose must be:

    app_compose: members that the app-compose must have. It is taken as it is;
        the members it does not name must have their default values.
    app_compose_docker_compose_file: the *content* of the docker-compose file;
        replaces `docker_compose_file` in app_compose.
    app_compose_allowed_envs: replaces `allowed_envs` in app_compose.
    pre_launch_script: the script's text, or {"sha256": ["<hex>", ...]}; replaces
        `pre_launch_script` in app_compose.

    Where one of the last three is given without app_compose, the default
    app-compose is what they change (merge_with_default_app_compose()).
    compose_hash and compose_file (a path, read when a client is made) name the
    compose by its hash, and need none of the four.

    A complete policy has expected_bootchain, os_image_hash and one of the above;
    partial=True lets some of it be left out, and every verdict then says what
    nobody looked at. disable_runtime_verification=True (development only) checks
    none of it. An argument that says which software must run is refused beside
    it: earlier clients of this kind dropped it without a word, and whoever wrote
    it believed that it was checked.

    Raises ValueError where the policy is incomplete, contradicts itself or has a
    value that the core does not take; the message names the member.
    """
    # The first statement: nothing but the arguments is local yet.
    given = {name: value for name, value in locals().items() if value is not None}
    if disable_runtime_verification:
        _refuse_runtime(given)
    compose = _app_compose(
        given.pop("app_compose", None),
        {
            member: given.pop(argument)
            for argument, member in _OVERRIDES.items()
            if argument in given
        },
    )
    if compose is not None:
        given["app_compose"] = compose
    return _checked({"type": "dstack_tdx", **given})


def dev_policy() -> dict[str, Any]:
    """A relaxed policy, for development and testing only.

    Any genuine TD passes, whatever it runs and however outdated its platform is,
    short of a revoked one. The verdict says that nobody looked at the workload.
    """
    return dstack_tdx_policy(
        allowed_tcb_status=[
            "UpToDate",
            "SWHardeningNeeded",
            "ConfigurationNeeded",
            "ConfigurationAndSWHardeningNeeded",
            "OutOfDate",
            "OutOfDateConfigurationNeeded",
            "TDRelaunchAdvised",
            "TDRelaunchAdvisedConfigurationNeeded",
        ],
        disable_runtime_verification=True,
    )


def merge_with_default_app_compose(user_compose: Mapping[str, Any]) -> dict[str, Any]:
    """The default app-compose with the user's members in the place of its own.

    Members are replaced as a whole, where they stand; new ones follow in the
    user's order. The default `pre_launch_script` is an object with the SHA-256
    of the script that dstack's hosts usually add, since its text is not ours.
    """
    text = _to_json(user_compose)
    try:
        merged: dict[str, Any] = json.loads(_core.compose_merge(text))
    except _core.AssayError as error:
        raise _value_error(error) from None
    return merged


def _app_compose(
    base: Mapping[str, Any] | None, overrides: dict[str, Any]
) -> dict[str, Any] | None:
    """What the policy says of the app-compose; None: nothing."""
    if base is not None:
        return {**base, **overrides}
    return merge_with_default_app_compose(overrides) if overrides else None


def _refuse_runtime(given: dict[str, Any]) -> None:
    pointless = [name for name in _RUNTIME if name in given]
    if pointless:
        raise ValueError(
            f"disable_runtime_verification=True checks nothing of "
            f"{', '.join(pointless)}: leave out the one or the other"
        )


def _checked(policy: dict[str, Any]) -> dict[str, Any]:
    """The policy as the core has read it: a copy that shares nothing with the
    caller's lists and dicts."""
    text = _to_json(policy)
    try:
        _core.Policy(text)
    except _core.AssayError as error:
        raise _value_error(error) from None
    copy: dict[str, Any] = json.loads(text)
    return copy


def _to_json(value: Any) -> bytes:
    text = json.dumps(value, default=_plain, allow_nan=False, ensure_ascii=False)
    return text.encode()


def _plain(value: Any) -> Any:
    """Forms of Python that JSON has no word for."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return list(value)
    raise TypeError(f"a policy has no place for a value of type {type(value).__name__}")


def _value_error(error: _core.AssayError) -> ValueError:
    return ValueError(
        f"{error.message} ({error.hint})" if error.hint else error.message
    )
