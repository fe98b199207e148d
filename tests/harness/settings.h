/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * settings.h - a small daemon's table of settings, with a row of each kind.
 */
#pragma once

#include <string.h>

#include "daemon/setting_values.h"
#include "daemon/settings_file.h"

#define TEST_ENV_NAME "ASSAY_TEST_SETTINGS_NAME"
#define TEST_ENV_LIST "ASSAY_TEST_SETTINGS_LIST"
#define TEST_ENV_CERT "ASSAY_TEST_SETTINGS_CERT"

struct options {
    struct given given;
    const char *config;
    const char *name;
    const char *cert;
    const char *out;
    const char *extra; /* which the file alone has */
    const char *list[SETTING_NAMES_MAX];
    size_t list_count;
    struct assay_address at;
    uint32_t count;
    uint32_t wait_ms;
    unsigned color;
    bool staple;
    bool loud;
    bool help;
};

SETTING_TEXT(config)
SETTING_TEXT(name)
SETTING_TEXT(cert)
SETTING_TEXT(out)
SETTING_COUNT(count, "--count", 9)
SETTING_SECONDS(wait_ms, "--wait")
SETTING_FLAG(loud)
SETTING_FLAG(help)

static void
set_list(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->list_count = given_split(&o->given, v, o->list, "--list", err);
}

static void
set_color(void *options, const char *v, struct assay_error *err)
{
    static const char *const words[] = {"red", "green", "blue"};

    ((struct options *)options)->color = setting_word(v, words, "--color", err);
}

static void
set_staple(void *options, const char *v, struct assay_error *err)
{
    ((struct options *)options)->staple =
        setting_either(v, "on", "off", "--staple", err);
}

static void
set_at(void *options, const char *v, struct assay_error *err)
{
    setting_address(v, "--at", &((struct options *)options)->at, err);
}

static void
default_options(void *options)
{
    *(struct options *)options = (struct options){.name = "nobody"};
}

static void
forget_cert(void *options)
{
    ((struct options *)options)->cert = NULL;
}

static bool
read_extra(const struct settings_file *f, uint32_t node, const char *key)
{
    struct options *o = (struct options *)f->given;

    if (strcmp(key, "extra") != 0) {
        return false;
    }
    o->extra = settings_file_value(f, node, key, false);
    if (o->extra != NULL && o->extra[0] == '\0') {
        settings_file_fail(f, node, "no extra");
    }
    return true;
}

static const struct setting test_rows[] = {
    {"config", 'c', VALUE | LINE_ONLY | READS, set_config, NULL},
    {"name", 'n', VALUE, set_name, TEST_ENV_NAME},
    {"list", 0, VALUE | LIST, set_list, TEST_ENV_LIST},
    {"cert", 0, VALUE | IDENTITY | READS, set_cert, TEST_ENV_CERT},
    {"out", 0, VALUE | WRITES, set_out, NULL},
    {"at", 0, VALUE | AT_START, set_at, NULL},
    {"count", 0, VALUE, set_count, NULL},
    {"wait", 0, VALUE, set_wait_ms, NULL},
    {"color", 0, VALUE, set_color, NULL},
    {"staple", 0, VALUE, set_staple, NULL},
    {"loud", 'l', FLAG, set_loud, NULL},
    {"help", 'h', FLAG | LINE_ONLY | ENDS, set_help, NULL},
};

static const struct settings test_settings = {
    .rows = test_rows,
    .count = sizeof(test_rows) / sizeof(test_rows[0]),
    .defaults = default_options,
    .forget = forget_cert,
    .other = read_extra,
};
