// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// policy.ts - the policy of those who were given none; app-composes.

import { AtlsError } from "./errors.js";
import type { Policy } from "./types.js";

let standing: Policy | undefined;

/** JSON has nothing of what an object inherits, or has from its class. What has
 * isPrototypeOf() is an Object.prototype, this realm's or another's. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    prototype === null || Object.hasOwn(prototype as object, "isPrototypeOf")
  );
}

/** Throws AtlsError ("invalid") for what is no object, or not written so. */
export function jsonOf(value: unknown, what: string): string {
  if (typeof value !== "object" || value === null || !isPlain(value)) {
    throw new AtlsError("invalid", `${what} must be a plain object`, {
      hint: "with all members its own, as in JSON",
    });
  }
  let cause: unknown;
  try {
    const json = JSON.stringify(value) as string | undefined;
    if (json !== undefined) {
      return json; // else its toJSON() gave nothing
    }
  } catch (e) {
    cause = e;
  }
  throw new AtlsError("invalid", `${what} cannot be written as JSON`, {
    cause,
  });
}

/** A copy, so that nobody changes what was agreed on. */
export function copyPolicy(policy: unknown, what = "the policy"): Policy {
  return JSON.parse(jsonOf(policy, what)) as Policy;
}

/** For each fetch, agent and stream that is made without one, also those that
 * are there already; null: none. Connections are never shared between two. */
export function setDefaultPolicy(policy: Policy | null): void {
  standing = policy === null ? undefined : copyPolicy(policy);
}

export function defaultPolicy(): Policy {
  if (standing === undefined) {
    throw new AtlsError(
      "policy_required",
      "no policy says what the server must prove, so nothing was sent",
      { hint: "give policy:, or call setDefaultPolicy() first" },
    );
  }
  return standing;
}

/** That of src/eventlog/compose_defaults.c, as a test sees to: the module has
 * it, but is loaded later. */
const DEFAULT_APP_COMPOSE: Policy = {
  allowed_envs: [],
  docker_compose_file: "",
  features: ["kms", "tproxy-net"],
  gateway_enabled: true,
  kms_enabled: true,
  local_key_provider_enabled: false,
  manifest_version: 2,
  name: "",
  no_instance_id: false,
  pre_launch_script: {
    sha256: [
      "edd7311d8caed101ff09506a65c29c2bf5739af1b0fffe4dd545fa0f0c86b59f",
    ],
  },
  public_logs: true,
  public_sysinfo: true,
  public_tcbinfo: true,
  runner: "docker-compose",
  secure_time: false,
  storage_fs: "zfs",
  tproxy_enabled: true,
};

/** The default app-compose with the given members in place of its own. */
export function mergeWithDefaultAppCompose(members: Policy = {}): Policy {
  const own = copyPolicy(members, "the app-compose");
  return copyPolicy({ ...DEFAULT_APP_COMPOSE, ...own });
}
