// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// trust.ts - what a server is held to: a policy, and who is believed about it.
//
// A Trust is text; the objects of the module that it stands for are made when
// they are needed, and again where an instance of the module broke.

import type { CommonOptions, Policy } from "./types.js";

export interface TrustOptions
  extends Pick<
    CommonOptions,
    "composeFile" | "collateral" | "extraRoots" | "trustedRoot" | "cache"
  > {
  readonly policy: Policy;
}

/** core.h, js_policy_facts(). */
export interface PolicyFacts {
  readonly policy: Policy;
  readonly sources: readonly string[];
  readonly cache_collateral: boolean;
  readonly accepts_self_signed: boolean;
  readonly trusted_root: string | null;
  readonly ca_file: string | null;
  readonly wires: readonly string[];
  readonly partial: string | null;
}

export interface Trust {
  /** Equal for two that trust the same: the policy with every member, the
   * compose file, roots, sources, cache. What a pool keys by. */
  readonly key: string;
  readonly facts: PolicyFacts;
}

/** Loads the module. AtlsError "invalid" and others for what cannot be read. */
export async function readTrust(options: TrustOptions): Promise<Trust> {
  throw new Error("not yet: " + typeof options);
}

/** The members of an object in the place of the default app-compose's. */
export async function mergeCompose(members: Policy): Promise<Policy> {
  throw new Error("not yet: " + typeof members);
}
