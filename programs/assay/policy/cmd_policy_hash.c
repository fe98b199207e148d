/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_policy_hash.c - assay policy hash: the hashes that an app-compose has, in
 * every form that is in use.
 */
#include <stdio.h>
#include <string.h>

#include "assay/compose.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/text.h"
#include "io/file.h"
#include "programs/assay/load.h"

#define HASH_BYTES        32u
#define MERGED_MAX_BYTES  (2u * ASSAY_COMPOSE_MAX_BYTES)
#define HASHES_MAX_BYTES  8192u
#define APP_ID_BYTES      20u
#define CONFIG_ID_BYTES   48u /* of MRCONFIGID */
#define CONFIG_ID_COMPOSE 1u  /* its kind: a compose hash follows */

enum row {
    RAW,
    INSERTION,
    SORTED,
    MERGED,
    MERGED_SORTED,
    SCRIPT,
    SERVICES,
    ROW_COUNT,
};

static const struct {
    const char *name; /* in JSON */
    const char *label;
    const char *meaning;
} rows[ROW_COUNT] = {
    [RAW] = {"raw", "raw", "the file as it is: what dstack measures"},
    [INSERTION] = {"insertion_order", "insertion order",
                   "compact JSON, members in their order"},
    [SORTED] = {"sorted", "sorted",
                "compact JSON, sorted names: dstack's normalized form"},
    [MERGED] = {"merged_insertion_order", "with defaults",
                "laid over the defaults, in their order"},
    [MERGED_SORTED] = {"merged_sorted", "with defaults, sorted",
                       "the same with sorted names"},
    [SCRIPT] = {"pre_launch_script", "pre_launch_script",
                "for a policy's {\"sha256\": [...]}"},
    [SERVICES] = {"docker_compose_file", "docker_compose_file", "likewise"},
};

struct hashes {
    bool there[ROW_COUNT];
    uint8_t of[ROW_COUNT][HASH_BYTES];
};

/* One form; what stands for a text that is not there has no hash. */
static void
hash_form(const struct assay_ctx *ctx, struct assay_slice json,
          enum assay_compose_form form, enum row row, struct hashes *h,
          struct assay_error *err)
{
    if (err->code == ASSAY_OK &&
        assay_compose_hash(ctx, json, form, h->of[row], err) == ASSAY_OK) {
        h->there[row] = true;
    } else if (err->code == ASSAY_UNSUPPORTED) {
        assay_error_clear(err);
    }
}

/* A member that is a text. */
static void
hash_member(const struct assay_ctx *ctx, const struct assay_json *doc,
            enum row row, struct hashes *h, struct assay_error *err)
{
    uint32_t node = assay_json_member(doc, ASSAY_JSON_ROOT, rows[row].name);

    if (err->code == ASSAY_OK && node != ASSAY_JSON_NONE &&
        assay_json_type(doc, node) == ASSAY_JSON_STRING) {
        h->there[row] =
            assay_compose_hash(ctx, assay_json_string(doc, node),
                               ASSAY_COMPOSE_RAW, h->of[row], err) == ASSAY_OK;
    }
}

static void
hash_members(const struct assay_ctx *ctx, struct assay_slice json,
             struct hashes *h, struct assay_error *err)
{
    static const struct assay_json_limits limits = {ASSAY_COMPOSE_MAX_BYTES, 32,
                                                    256u * 1024u};
    struct assay_json *doc = NULL;

    if (err->code == ASSAY_OK &&
        assay_json_parse(json, &limits, "app_compose", &doc, err) == ASSAY_OK) {
        hash_member(ctx, doc, SCRIPT, h, err);
        hash_member(ctx, doc, SERVICES, h, err);
    }
    assay_json_free(doc);
}

/* The forms of JSON come first: they tell what is no app-compose. */
static void
hash_all(const struct assay_ctx *ctx, struct assay_slice json, struct hashes *h,
         struct assay_error *err)
{
    struct assay_buf merged;

    assay_buf_init(&merged, MERGED_MAX_BYTES);
    if (assay_compose_merge(json, &merged, err) == ASSAY_OK) {
        hash_form(ctx, assay_buf_slice(&merged), ASSAY_COMPOSE_INSERTION,
                  MERGED, h, err);
        hash_form(ctx, assay_buf_slice(&merged), ASSAY_COMPOSE_SORTED,
                  MERGED_SORTED, h, err);
        hash_form(ctx, json, ASSAY_COMPOSE_RAW, RAW, h, err);
        hash_form(ctx, json, ASSAY_COMPOSE_INSERTION, INSERTION, h, err);
        hash_form(ctx, json, ASSAY_COMPOSE_SORTED, SORTED, h, err);
        hash_members(ctx, json, h, err);
    }
    assay_buf_free(&merged);
}

/* MRCONFIGID of kind 1. */
static void
config_id_of(const struct hashes *h, char hex[2 * CONFIG_ID_BYTES + 1])
{
    uint8_t id[CONFIG_ID_BYTES] = {CONFIG_ID_COMPOSE};

    memcpy(id + 1, h->of[RAW], HASH_BYTES);
    assay_hex_to(hex, (struct assay_slice){id, sizeof(id)});
}

static void
print_json(const struct hashes *h, size_t len)
{
    char config_id[2 * CONFIG_ID_BYTES + 1];
    struct assay_json_out o;
    struct assay_buf out;

    config_id_of(h, config_id);
    assay_buf_init(&out, HASHES_MAX_BYTES);
    assay_json_out_init(&o, &out, false);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_u64(&o, "bytes", len);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (h->there[i]) {
            assay_json_out_hex(&o, rows[i].name,
                               (struct assay_slice){h->of[i], HASH_BYTES});
        } else {
            assay_json_out_null(&o, rows[i].name);
        }
    }
    assay_json_out_text(&o, "mr_config_id", config_id);
    assay_json_out_hex(&o, "app_id",
                       (struct assay_slice){h->of[RAW], APP_ID_BYTES});
    assay_json_out_close(&o, '}');
    cli_print(&out);
}

static void
print_text(const struct hashes *h)
{
    char hex[2 * CONFIG_ID_BYTES + 1];

    for (size_t i = 0; i < ROW_COUNT; i++) {
        assay_hex_to(hex, (struct assay_slice){h->of[i], HASH_BYTES});
        printf("%-21s  %-64s  %s\n", rows[i].label, h->there[i] ? hex : "-",
               h->there[i] ? rows[i].meaning
                           : "there is no text of it in this file");
    }
    assay_hex_to(hex, (struct assay_slice){h->of[RAW], APP_ID_BYTES});
    printf("%-21s  %-64s  %s\n", "app_id", hex,
           "of raw; what dstack takes unless it is told another");
    config_id_of(h, hex);
    printf("%-21s  %s\n", "mr_config_id", hex);
}

static enum assay_code
read_compose(const char *path, struct assay_buf *out, struct assay_error *err)
{
    return strcmp(path, "-") == 0
               ? assay_stdin_read(ASSAY_COMPOSE_MAX_BYTES, out, err)
               : assay_file_read(path, ASSAY_COMPOSE_MAX_BYTES, out, err);
}

static enum exit_code
hash(const struct command *c, const struct options *o)
{
    struct hashes h = {.there = {false}};
    struct assay_ctx *ctx = NULL;
    struct assay_buf content;
    struct assay_error err;

    if (read_compose(o->operand, &content, &err) == ASSAY_OK &&
        assay_ctx_new(&ctx, &err) == ASSAY_OK) {
        hash_all(ctx, assay_buf_slice(&content), &h, &err);
        assay_error_prefix(&err, "%s", o->operand);
    }
    if (err.code == ASSAY_OK && o->json) {
        print_json(&h, content.len);
    } else if (err.code == ASSAY_OK) {
        print_text(&h);
    }
    assay_buf_free(&content);
    assay_ctx_free(ctx);
    return err.code == ASSAY_OK ? EXIT_TRUSTED : cli_fail(c, o->json, &err);
}

const struct command command_policy_hash = {
    .name = "policy hash",
    .summary = "print the hashes of an app-compose, in all forms",
    .help =
        "Usage: assay policy hash [--json] FILE\n"
        "\n"
        "Prints the SHA-256 of an app-compose (dstack's app-compose.json, up "
        "to\n"
        "1 MiB; - is standard input) in every form that is in use. dstack\n"
        "measures the file as it is: 'raw' is what a policy's compose_hash\n"
        "wants. The other forms are those of tools that write the JSON anew.\n"
        "Forms with a text that only its hash stands for have none.\n"
        "\n"
        "  --json              one JSON object\n"
        "  -h, --help          this text\n"
        "\n"
        "Exit: 0 done, 2 unreadable input, 64 usage.\n",
    .options = OPTIONS_POLICY_HASH,
    .operands = "FILE",
    .run = hash,
};
