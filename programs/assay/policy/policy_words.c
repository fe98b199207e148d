/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_words.c - what each member of a policy means, in words. docs/policy.md
 * has the same at length.
 */
#include "policy_words.h"

#include <string.h>

#include "base/bytes.h"

/* W: it asks for something; O: likewise, and without it something is left
 * unchecked; L: it asks for less than the default does. */
#define W(member, with, without)                                               \
    {.name = #member, .set = (with), .otherwise = (without)}
#define O(member, with, without)                                               \
    {.name = #member, .set = (with), .otherwise = (without), .open = true}
/* R: likewise, and not looked at where runtime verification is disabled. */
#define R(member, with, without)                                               \
    {.name = #member,                                                          \
     .set = (with),                                                            \
     .otherwise = (without),                                                   \
     .open = true,                                                             \
     .runtime = true}
/* C: such a one that names the app-compose; one of them is enough. */
#define C(member, with, without)                                               \
    {.name = #member,                                                          \
     .set = (with),                                                            \
     .otherwise = (without),                                                   \
     .open = true,                                                             \
     .runtime = true,                                                          \
     .compose = true}
#define L(member, with, without)                                               \
    {.name = #member, .set = (with), .otherwise = (without), .weakens = true}

static const struct policy_words words[] = {
    W(type, "Which evidence is judged.", "Which evidence is judged."),
    L(partial,
      "The policy may leave the workload open: what it does not name, nobody "
      "looks at.",
      "The policy has to name the workload in full."),
    W(tee_type, "Says again that this is about a TDX TD.",
      "Says again that this is about a TDX TD."),
    L(allowed_tcb_status,
      "The TCB must have one of these statuses, whatever advisories it has.",
      "The TCB must be UpToDate."),
    L(allowed_tdx_status, "The same rule under another name.",
      "The same rule under another name."),
    W(grace_period,
      "A TCB that is out of date is accepted for so many seconds after a newer "
      "level appeared; after that no more.",
      "There is no time limit: a status that is accepted is accepted for as "
      "long as Intel gives it."),
    O(min_tcb_evaluation_data_number,
      "TCB info and QE identity must both be of this evaluation or a later "
      "one: older collateral that has not expired yet is refused.",
      "Any evaluation of Intel's is good enough, as long as it has not "
      "expired."),
    O(min_tcb_date, "The oldest TCB level must not be of an earlier date.",
      "A TCB level of any date is good enough."),
    O(denied_advisories,
      "Refuses a platform that any of these advisories "
      "concerns.",
      "No advisory is denied."),
    O(accepted_advisories,
      "Refuses a platform that any advisory concerns which is not one of "
      "these.",
      "Any advisory is accepted, as long as the status is."),
    O(min_tdx_tcb,
      "Each octet of TEE_TCB_SVN must be at least this (and what is called "
      "prefix match compares the first octets only).",
      "TEE_TCB_SVN has no minimum of its own."),
    O(max_collateral_age_secs,
      "TCB info, QE identity and PCK CRL must not have been issued longer ago "
      "than these seconds.",
      "Collateral of any age is good until it expires, which Intel's does "
      "after 30 days; 7 days hold for what a server brought."),
    L(collateral_grace_secs,
      "Collateral may still be used for so many seconds after it expired, "
      "where no source answers.",
      "Collateral that has expired is never used."),
    L(collateral_rollback,
      "Collateral of an older TCB evaluation than was seen before is only "
      "warned of.",
      "Collateral of an older TCB evaluation than was seen before is "
      "refused."),
    W(pccs_url,
      "Collateral is fetched from here, in this order; an empty one "
      "is Intel's PCS.",
      "Collateral is fetched from Phala's PCCS, then from Intel's PCS. "
      "Whoever delivers it, Intel has signed it."),
    W(cache_collateral, "Fetched collateral is not kept.",
      "Fetched collateral is kept on disk and used again."),
    W(staple, "The server is asked for its collateral as well.",
      "The server is not asked for collateral."),
    L(trusted_root,
      "Another root than Intel's vouches for the evidence: whoever holds its "
      "key can make any.",
      "Intel's SGX root must vouch for the evidence."),
    W(ca_file, "These TLS roots are believed beside the system's.",
      "The system's TLS roots are believed."),
    L(allow_debug,
      "The TD or enclave may be under debug: its host may read and change its "
      "memory.",
      "The TD or enclave must not be under debug."),
    L(allow_service_td, "A service TD may be bound to the TD, and act on it.",
      "No service TD may be bound to the TD."),
    L(require_sept_ve_disable,
      "SEPT_VE_DISABLE need not be set: the host may make the TD's kernel see "
      "faults at pages that it takes away.",
      "SEPT_VE_DISABLE must be set."),
    O(td_attributes, "TDATTRIBUTES AND mask must be value.",
      "Other attributes of the TD than debug and SEPT_VE_DISABLE are not "
      "looked at."),
    O(xfam, "XFAM AND mask must be value.",
      "Which extended features the TD may use (XFAM) is not looked at."),
    O(mrtd, "MRTD, the firmware, must be (one of) this.",
      "MRTD, the firmware, is not checked."),
    O(rtmr0,
      "RTMR0, the configuration of the firmware, must be (one of) this. It "
      "changes with the size of the machine.",
      "RTMR0, the configuration of the firmware, is not checked."),
    O(rtmr1, "RTMR1, the kernel, must be (one of) this.",
      "RTMR1, the kernel, is not checked."),
    O(rtmr2, "RTMR2, kernel command line and initrd, must be (one of) this.",
      "RTMR2, kernel command line and initrd, is not checked."),
    O(rtmr3, "RTMR3, what was measured at run time, must be (one of) this.",
      "RTMR3, what was measured at run time, is not checked."),
    R(expected_bootchain,
      "Firmware, kernel, initrd and their configuration (MRTD and RTMR0 to "
      "RTMR2) must be (one of) these.",
      "Firmware and kernel are not checked, so nothing that they measured "
      "means anything."),
    W(expected_rtmr3,
      "RTMR3 as a whole must be (one of) this: with instance and TLS "
      "certificate, it is another after each start.",
      "RTMR3 is not compared as a whole; the rules on its events judge its "
      "parts."),
    O(mr_seam, "MRSEAM, the TDX module, must be (one of) this.",
      "MRSEAM, the TDX module, is Intel's and is not compared."),
    O(mr_config_id,
      "MRCONFIGID, which the host chose at the start, must be "
      "(one of) this.",
      "MRCONFIGID is compared with the events where there are any, and with "
      "nothing else."),
    O(mr_owner, "MROWNER must be (one of) this.", "MROWNER is not checked."),
    O(mr_owner_config, "MROWNERCONFIG must be (one of) this.",
      "MROWNERCONFIG is not checked."),
    R(os_image_hash,
      "The platform's key service must have said this (or one of these) of "
      "the OS image.",
      "What the key service says of the OS image is not checked."),
    C(app_compose,
      "The app-compose that was measured must have these members, and the "
      "default's in place of those that are not here.",
      "No member of the app-compose is named."),
    C(compose_hash,
      "The SHA-256 of the app-compose that was measured must be "
      "(one of) this.",
      "The app-compose is not named by its hash."),
    C(compose_file, "The SHA-256 of this file joins compose_hash.",
      "No file names the app-compose."),
    L(disable_runtime_verification,
      "FOR DEVELOPMENT: boot chain, OS image and app-compose are not checked, "
      "whatever else stands here. Any TD passes.",
      "Boot chain, OS image and app-compose are checked as the policy says."),
    O(mrenclave, "MRENCLAVE must be (one of) this.",
      "MRENCLAVE is not checked."),
    O(mrsigner, "MRSIGNER must be (one of) this.", "MRSIGNER is not checked."),
    O(isvprodid, "ISVPRODID must be this.", "ISVPRODID is not checked."),
    O(min_isvsvn, "ISVSVN must be at least this.",
      "ISVSVN, the version of the enclave, has no minimum."),
    L(wires,
      "Evidence is asked for in the first of these ways. v1 and v0 do not tie "
      "the quote to the session.",
      "Evidence is asked for over wire v2, which ties the quote to the "
      "session."),
    W(certificate_event,
      "What the event log must say of the TLS certificate: with 'required' it "
      "must name it, with 'off' it need not even be noted. One that names "
      "another always fails.",
      "If the event log names a TLS certificate, it must be this session's."),
    W(reattestation_interval_secs,
      "Evidence older than so many seconds is asked for anew before the next "
      "request; 0: never.",
      "Evidence older than 300 seconds is asked for anew before the next "
      "request."),
    L(accept_self_signed_certs,
      "Name and chain of the TLS certificate are not checked: the evidence "
      "alone says who the server is.",
      "Name and chain of the TLS certificate are checked."),
    W(pinned,
      "Trust on first use: these measurements are what was found there then. "
      "That they are the right ones, nobody has said.",
      "No tool has noted that these measurements were pinned."),
};

const struct policy_words *
policy_words_of(struct assay_slice name)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (assay_slice_is(name, words[i].name)) {
            return &words[i];
        }
    }
    return NULL;
}

const char *
policy_words_type(struct assay_slice type)
{
    static const struct {
        const char *type;
        const char *words;
    } types[] = {
        {"dstack_tdx", "an app on a dstack TD, with its event log"},
        {"tdx", "a TDX TD, by its registers"},
        {"sgx", "an SGX enclave"},
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (assay_slice_is(type, types[i].type)) {
            return types[i].words;
        }
    }
    return NULL;
}
