/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * setting_values.h - what setters of a daemon's settings are made of. `name`
 * ("--listen") starts messages.
 */
#pragma once

#include "assay/gather.h"
#include "daemon/sandbox.h"
#include "daemon/settings.h"
#include "io/address.h"
#include "io/args.h"

#define SETTING_SECONDS_MAX 86400.0

/* Which of three words it is; 0 also on failure: ASSAY_INVALID. */
unsigned setting_word(const char *value, const char *const words[3],
                      const char *name, struct assay_error *err);
/* Is it the first of two words? false also on failure: ASSAY_INVALID. */
bool setting_either(const char *value, const char *yes, const char *no,
                    const char *name, struct assay_error *err);
/* Errors of assay_address_parse(). */
void setting_address(const char *value, const char *name,
                     struct assay_address *out, struct assay_error *err);

/* Of the admin door, of which nobody who reaches it has to prove anything:
 * loopback or a Unix socket. ASSAY_INVALID. */
void setting_admin(const char *value, struct assay_address *out,
                   struct assay_error *err);
/* --pccs: "intel", or base URLs of PCCSs. How many; 0 also on failure:
 * ASSAY_INVALID, ASSAY_NO_MEMORY. */
size_t setting_sources(struct given *g, const char *value,
                       const char *out[ASSAY_SOURCES_MAX],
                       struct assay_error *err);
enum sandbox setting_sandbox(const char *value, struct assay_error *err);

/* Setters of what every daemon has: admin with has_admin, sandbox, json_log. */
#define SETTING_OF_DAEMONS                                                     \
    static void set_admin(void *options, const char *v,                        \
                          struct assay_error *err)                             \
    {                                                                          \
        ((struct options *)options)->has_admin = true;                         \
        setting_admin(v, &((struct options *)options)->admin, err);            \
    }                                                                          \
    static void set_sandbox(void *options, const char *v,                      \
                            struct assay_error *err)                           \
    {                                                                          \
        ((struct options *)options)->sandbox = setting_sandbox(v, err);        \
    }                                                                          \
    static void set_log(void *options, const char *v, struct assay_error *err) \
    {                                                                          \
        ((struct options *)options)->json_log =                                \
            setting_either(v, "json", "text", "--log", err);                   \
    }

/* Setters set_MEMBER() for a member of the program's struct options. */
#define SETTING_COUNT(member, name, max)                                       \
    static void set_##member(void *options, const char *v,                     \
                             struct assay_error *err)                          \
    {                                                                          \
        ((struct options *)options)->member =                                  \
            (uint32_t)assay_arg_number(v, name, 1, max, err);                  \
    }
#define SETTING_SECONDS(member, name)                                          \
    static void set_##member(void *options, const char *v,                     \
                             struct assay_error *err)                          \
    {                                                                          \
        ((struct options *)options)->member =                                  \
            assay_arg_seconds(v, name, SETTING_SECONDS_MAX, err);              \
    }
#define SETTING_TEXT(member)                                                   \
    static void set_##member(void *options, const char *v,                     \
                             struct assay_error *err)                          \
    {                                                                          \
        (void)err;                                                             \
        ((struct options *)options)->member = v;                               \
    }
#define SETTING_FLAG(member)                                                   \
    static void set_##member(void *options, const char *v,                     \
                             struct assay_error *err)                          \
    {                                                                          \
        (void)v;                                                               \
        (void)err;                                                             \
        ((struct options *)options)->member = true;                            \
    }
