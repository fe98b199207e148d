/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_config_id.c - MRCONFIGID of every kind against events and vm_config.
 * Registers given in hex were computed apart, from the formulas.
 */
#include "base/text.h"
#include "eventlog/dstack.h"
#include "harness/trial.h"

#define A1      "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define C0      "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0"
#define D1      "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
#define ZERO_15 "000000000000000000000000000000"

static struct assay_ctx *ctx;

static const uint8_t app_id[20] = {
    0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1,
    0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1,
};
static const uint8_t instance_id[20] = {
    0x1d, 0x1d, 0x1d, 0x1d, 0x1d, 0x1d, 0x1d, 0x1d, 0x1d, 0x1d,
    0x1d, 0x1d, 0x1d, 0x1d, 0x1d, 0x1d, 0x1d, 0x1d, 0x1d, 0x1d,
};
static const uint8_t compose_hash[32] = {
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
};

/* Which events there are, and what the key provider says. */
enum {
    NO_LOG = 1,
    NO_COMPOSE = 2,
    NO_APP = 4,
    NO_PROVIDER = 8,
    NO_INSTANCE = 16
};
#define KMS "{\"name\":\"kms\",\"id\":\"abcd\"}"

static struct assay_dstack_events
events_without(unsigned left_out, const char *provider)
{
    return (struct assay_dstack_events){
        .has_compose_hash = (left_out & NO_COMPOSE) == 0,
        .has_app_id = (left_out & NO_APP) == 0,
        .has_key_provider = (left_out & NO_PROVIDER) == 0,
        .has_instance_id = (left_out & NO_INSTANCE) == 0,
        .compose_hash = ASSAY_SLICE(compose_hash),
        .app_id = ASSAY_SLICE(app_id),
        .key_provider = assay_slice_of(provider != NULL ? provider : KMS),
        .instance_id = ASSAY_SLICE(instance_id),
    };
}

static struct assay_config_id
check(const char *row, struct assay_slice id, unsigned left_out,
      const char *provider, struct assay_slice vm_config)
{
    const struct assay_dstack_events events =
        events_without(left_out, provider);
    struct assay_slice config = exact_copy(vm_config);
    struct assay_config_id out;
    struct assay_error err;

    memset(&out, 0x55, sizeof(out));
    assay_error_clear(&err);
    if (assay_config_id_check(ctx, id,
                              (left_out & NO_LOG) != 0 ? NULL : &events, config,
                              &out, &err) != ASSAY_OK) {
        fail_msg("row \"%s\": %s", row, err.msg);
    }
    free((void *)config.ptr);
    return out;
}

/* fault: its start; "" where the compose hash is proven; NULL where it is
 * not, without a fault. */
static void
check_outcome(const char *row, const struct assay_config_id *c,
              enum assay_config_id_kind kind, const char *fault)
{
    static const uint8_t zero[32];

    CHECK(row, c->kind == kind);
    if (strncmp(c->fault, fault != NULL ? fault : "",
                fault != NULL ? strlen(fault) : 0) != 0 ||
        (fault == NULL || fault[0] == '\0') != (c->fault[0] == '\0')) {
        fail_msg("row \"%s\": \"%s\", want \"%s\"", row, c->fault,
                 fault != NULL ? fault : "");
    }
    CHECK(row, c->proves_compose == (fault != NULL && fault[0] == '\0'));
    CHECK(row, memcmp(c->compose_hash, c->proves_compose ? compose_hash : zero,
                      32) == 0);
}

static void
check_hex_row(const char *row, const char *id_hex, unsigned left_out,
              const char *provider, const char *vm_config,
              enum assay_config_id_kind kind, const char *fault)
{
    uint8_t id[48];
    struct assay_config_id c;
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_hex_decode(assay_slice_of(id_hex), id, 48, row, &err) !=
        ASSAY_OK) {
        fail_msg("row \"%s\": %s", row, err.msg);
    }
    c = check(row, ASSAY_SLICE(id), left_out, provider,
              assay_slice_of(vm_config));
    check_outcome(row, &c, kind, fault);
}

static void
kinds(void **state)
{
    static const struct {
        const char *name;
        const char *id;
        enum assay_config_id_kind kind;
    } rows[] = {
        {"zero", "00" ZERO_15 ZERO_15 ZERO_15 "0000", ASSAY_CONFIG_ID_NONE},
        {"kind 0", "00" C0 ZERO_15, ASSAY_CONFIG_ID_UNKNOWN},
        {"kind 4", "04" C0 ZERO_15, ASSAY_CONFIG_ID_UNKNOWN},
        {"kind 255", "ff" C0 ZERO_15, ASSAY_CONFIG_ID_UNKNOWN},
        {"last octet", "01" C0 "000000000000000000000000000001",
         ASSAY_CONFIG_ID_UNKNOWN},
        {"first octet behind the value",
         "01" C0 "0100000000000000000000"
         "00000000",
         ASSAY_CONFIG_ID_UNKNOWN},
    };
    struct assay_config_id c;
    uint8_t shorter[47] = {1};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_hex_row(rows[i].name, rows[i].id, 0, NULL, "", rows[i].kind,
                      NULL);
        check_hex_row(rows[i].name, rows[i].id, NO_LOG, NULL, "no JSON",
                      rows[i].kind, NULL);
    }
    c = check("47 octets", ASSAY_SLICE(shorter), 0, NULL, ASSAY_EMPTY);
    check_outcome("47 octets", &c, ASSAY_CONFIG_ID_UNKNOWN, NULL);
    c = check("none", ASSAY_EMPTY, 0, NULL, ASSAY_EMPTY);
    check_outcome("none", &c, ASSAY_CONFIG_ID_UNKNOWN, NULL);
}

static void
kind_1(void **state)
{
    static const uint8_t other[32] = {1};
    struct assay_dstack_events events = events_without(0, NULL);
    struct assay_config_id c;
    struct assay_error err;
    uint8_t id[48] = {1};

    (void)state;
    check_hex_row("agrees", "01" C0 ZERO_15, 0, NULL, "",
                  ASSAY_CONFIG_ID_COMPOSE, "");
    check_hex_row("no log", "01" C0 ZERO_15, NO_LOG, NULL, "",
                  ASSAY_CONFIG_ID_COMPOSE, "");
    check_hex_row("no event", "01" C0 ZERO_15, NO_COMPOSE, NULL, "",
                  ASSAY_CONFIG_ID_COMPOSE, "");

    memcpy(id + 1, compose_hash, 32);
    events.compose_hash = ASSAY_SLICE(other);
    assay_error_clear(&err);
    assert_int_equal(assay_config_id_check(ctx, ASSAY_SLICE(id), &events,
                                           ASSAY_EMPTY, &c, &err),
                     ASSAY_OK);
    check_outcome("another compose hash", &c, ASSAY_CONFIG_ID_COMPOSE,
                  "MRCONFIGID has another compose hash than the event");
}

#define K2_KMS                                                                 \
    "02279c46c8889942b8e430ed3a2101d62c7c9795cf1d009155669151cf2346957"        \
    "0" ZERO_15
#define K2_KMS_ANY                                                             \
    "02a84d0c19c196429de98e6242410afd0444206d08affdcc7b5cbfdcea2538fd1"        \
    "b" ZERO_15
#define K2_NONE                                                                \
    "02ed5cf30a627eaddbb213494e809b62b8598213538660b8711d1be8750dce728"        \
    "6" ZERO_15
#define K2_LOCAL                                                               \
    "02aa1b0291a54e61fb47b211dac8d02e0bf401df18a96f1d3cc3e960c8bc0e158"        \
    "e" ZERO_15
#define K2_TPM                                                                 \
    "02bf68c658742b6e62649ef22cffb036c53318b9fcb4e9f93d3380189f7f78852"        \
    "b" ZERO_15
#define NOT_KECCAK   "MRCONFIGID is not the Keccak-256"
#define BAD_PROVIDER "event key-provider: not the name of a known provider"

static void
kind_2(void **state)
{
    static const struct {
        const char *name;
        const char *id;
        unsigned left_out;
        const char *provider;
        const char *fault;
    } rows[] = {
        {"kms", K2_KMS, NO_INSTANCE, KMS, ""},
        {"none", K2_NONE, 0, "{\"name\":\"none\",\"id\":\"\"}", ""},
        {"none without id", K2_NONE, 0, "{\"name\":\"none\"}", ""},
        {"local", K2_LOCAL, 0, "{\"id\":\"\",\"name\":\"local-sgx\"}", ""},
        {"tpm", K2_TPM, 0, "{\"name\":\"tpm\",\"id\":\"ABCD\"}", ""},
        {"any kms", K2_KMS_ANY, 0, KMS, ""},
        {"no log", K2_KMS, NO_LOG, KMS, NULL},
        {"another kms", K2_KMS, 0, "{\"name\":\"kms\",\"id\":\"abce\"}",
         NOT_KECCAK},
        {"another kind", K2_KMS, 0, "{\"name\":\"tpm\",\"id\":\"abcd\"}",
         NOT_KECCAK},
        {"one bit",
         "02279c46c8889942b8e430ed3a2101d62c7c9795cf1d009155669151cf2346957"
         "1" ZERO_15,
         0, KMS, NOT_KECCAK},
        {"no compose-hash", K2_KMS, NO_COMPOSE, KMS,
         "MRCONFIGID is of kind 2, and the log lacks the event compose-hash"},
        {"no app-id", K2_KMS, NO_APP, KMS,
         "MRCONFIGID is of kind 2, and the log lacks the event app-id"},
        {"no key-provider", K2_KMS, NO_PROVIDER, KMS,
         "MRCONFIGID is of kind 2, and the log lacks the event key-provider"},
        {"provider unknown", K2_KMS, 0, "{\"name\":\"hsm\",\"id\":\"abcd\"}",
         BAD_PROVIDER},
        {"provider without name", K2_KMS, 0, "{\"id\":\"abcd\"}", BAD_PROVIDER},
        {"provider's id odd", K2_KMS, 0, "{\"name\":\"kms\",\"id\":\"abc\"}",
         BAD_PROVIDER},
        {"provider's id no hex", K2_KMS, 0, "{\"name\":\"kms\",\"id\":\"xy\"}",
         BAD_PROVIDER},
        {"provider is no JSON", K2_KMS, 0, "kms",
         "event key-provider: JSON has 'k'"},
        {"provider is cut", K2_KMS, 0,
         "{\"name\":", "event key-provider: JSON"},
        {"provider is empty", K2_KMS, 0, "", "event key-provider: JSON"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_hex_row(rows[i].name, rows[i].id, rows[i].left_out,
                      rows[i].provider, "", ASSAY_CONFIG_ID_KECCAK,
                      rows[i].fault);
    }
}

static void
provider_id_limit(void **state)
{
    struct assay_buf b;
    struct assay_config_id c;
    uint8_t id[48] = {2, 1};

    (void)state;
    for (unsigned more = 0; more < 2; more++) {
        assay_buf_init(&b, 8192);
        assay_buf_add_text(&b, "{\"name\":\"kms\",\"id\":\"");
        for (unsigned i = 0; i < 1024 + more; i++) {
            assay_buf_add_text(&b, "00");
        }
        assay_buf_add_text(&b, "\"}");
        assay_buf_add_u8(&b, 0);
        c = check("id", ASSAY_SLICE(id), 0, (const char *)b.ptr, ASSAY_EMPTY);
        check_outcome("id", &c, ASSAY_CONFIG_ID_KECCAK,
                      more == 0 ? NOT_KECCAK : BAD_PROVIDER);
        assay_buf_free(&b);
    }
}

/* --- kind 3 ----------------------------------------------------------------
 */

#define DOCUMENT                                                               \
    "{\"app_id\":\"" A1 "\",\"compose_hash\":\"" C0 "\",\"instance_id\":\"" D1 \
    "\",\"key_provider\":\"kms\",\"key_provider_id\":\"abcd\",\"version\":3}"
#define K3                                                                     \
    "03517e4c607fbe17ea5cdbbf1cd091baee6d85977e8441f4f6fe840ed2587cf8e"        \
    "9" ZERO_15
#define SHORT                                                                  \
    "{\"compose_hash\":\"" C0 "\",\"key_provider\":\"kms\",\"version\":3}"
#define K3_SHORT                                                               \
    "0391baff5a701da1ae7d7850ee99a689a3629fc0b80ddb0476e9ca19b33fdddb9"        \
    "a" ZERO_15

/* vm_config with the document as text, and as it is. */
static struct assay_buf
vm_config_of(const char *document, bool as_string)
{
    struct assay_buf b;

    assay_buf_init(&b, 65536);
    assay_buf_add_text(&b, "{\"cpu_count\":4,\"mr_config\" : ");
    assay_buf_add_text(&b, as_string ? "\"" : "");
    for (const char *p = document; *p != '\0'; p++) {
        if (as_string && (*p == '"' || *p == '\\')) {
            assay_buf_add_u8(&b, '\\');
        }
        assay_buf_add_u8(&b, (uint8_t)*p);
    }
    assay_buf_add_text(&b, as_string ? "\" }" : " }");
    return b;
}

/* The register that measures the document. */
static void
measure(const char *document, uint8_t id[48])
{
    static const uint8_t tag[21] = "dstack-mr-config-v3:";
    const struct assay_slice parts[] = {ASSAY_SLICE(tag),
                                        assay_slice_of(document)};
    struct assay_error err;

    memset(id, 0, 48);
    id[0] = 3;
    assay_error_clear(&err);
    assert_int_equal(assay_digest(ctx, ASSAY_SHA256, parts, 2, id + 1, &err),
                     ASSAY_OK);
}

static void
kind_3(void **state)
{
    static const struct {
        const char *document;
        const char *id;
    } rows[] = {{DOCUMENT, K3}, {SHORT, K3_SHORT}};

    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
        struct assay_buf b = vm_config_of(rows[i / 2].document, i % 2 == 0);

        assay_buf_add_u8(&b, 0);
        check_hex_row("with log", rows[i / 2].id, 0, NULL, (char *)b.ptr,
                      ASSAY_CONFIG_ID_DOCUMENT, "");
        check_hex_row("without log", rows[i / 2].id, NO_LOG, NULL,
                      (char *)b.ptr, ASSAY_CONFIG_ID_DOCUMENT, "");
        assay_buf_free(&b);
    }
}

#define EDIT(member, value)                                                    \
    "{\"version\":3,\"compose_hash\":\"" C0 "\",\"" member "\":" value "}"

/* The document is measured, whatever it says. */
static void
documents(void **state)
{
    static const struct {
        const char *name;
        const char *document;
        unsigned left_out;
        const char *fault;
    } rows[] = {
        {"compose hash only", EDIT("x", "0"), 0, ""},
        {"upper-case hex",
         "{\"version\":3,\"compose_hash\":\"C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0"
         "C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0\"}",
         0, ""},
        {"version missing", "{\"compose_hash\":\"" C0 "\"}", 0,
         "mr_config: its version is not 3"},
        {"version 2", "{\"version\":2,\"compose_hash\":\"" C0 "\"}", 0,
         "mr_config: its version is not 3"},
        {"version is text", "{\"version\":\"3\",\"compose_hash\":\"" C0 "\"}",
         0, "mr_config: its version is not 3"},
        {"compose_hash missing", "{\"version\":3}", 0,
         "mr_config: it has no compose_hash"},
        {"compose_hash null", "{\"version\":3,\"compose_hash\":null}", 0,
         "mr_config: it has no compose_hash"},
        {"compose_hash short", "{\"version\":3,\"compose_hash\":\"" A1 "\"}", 0,
         "mr_config: compose_hash: need 32 bytes"},
        {"compose_hash no hex", "{\"version\":3,\"compose_hash\":7}", 0,
         "mr_config: compose_hash: need 32 bytes"},
        {"another compose_hash",
         "{\"version\":3,\"compose_hash\":\"0000000000000000000000000000000000"
         "000000000000000000000000000000\"}",
         0, "mr_config: its compose_hash is not that of the event"},
        {"app_id null", EDIT("app_id", "null"), 0, ""},
        {"another app_id", EDIT("app_id", "\"" D1 "\""), 0,
         "mr_config: its app_id is not that of the event"},
        {"another app_id, no event", EDIT("app_id", "\"" D1 "\""), NO_APP, ""},
        {"app_id empty", EDIT("app_id", "\"\""), 0,
         "mr_config: its app_id is not that of the event"},
        {"app_id short", EDIT("app_id", "\"a1\""), 0,
         "mr_config: app_id: need 20 bytes"},
        {"app_id short, no log", EDIT("app_id", "\"a1\""), NO_LOG,
         "mr_config: app_id: need 20 bytes"},
        {"another instance_id", EDIT("instance_id", "\"" A1 "\""), 0,
         "mr_config: its instance_id is not that of the event"},
        {"another instance_id, no event", EDIT("instance_id", "\"" A1 "\""),
         NO_INSTANCE, ""},
        {"instance_id empty", EDIT("instance_id", "\"\""), 0,
         "mr_config: its instance_id is not that of the event"},
        {"another provider", EDIT("key_provider", "\"tpm\""), 0,
         "mr_config: its key_provider is not that of the event"},
        {"another provider, no event", EDIT("key_provider", "\"tpm\""),
         NO_PROVIDER, ""},
        {"unknown provider", EDIT("key_provider", "\"hsm\""), 0,
         "mr_config: its key_provider is not that of the event"},
        {"provider null", EDIT("key_provider", "null"), 0,
         "mr_config: its key_provider is not that of the event"},
        {"any provider of the kind",
         EDIT("key_provider", "\"kms\",\"key_provider_id\":\"\""), 0, ""},
        {"another provider ID",
         EDIT("key_provider", "\"kms\",\"key_provider_id\":\"abce\""), 0,
         "mr_config: its key_provider_id is not that of the event"},
        {"longer provider ID",
         EDIT("key_provider", "\"kms\",\"key_provider_id\":\"abcdef\""), 0,
         "mr_config: key_provider_id: need 2 bytes"},
        {"no object", "7", 0, "mr_config: its version is not 3"},
        {"array", "[3]", 0, "mr_config: its version is not 3"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf b = vm_config_of(rows[i].document, true);
        uint8_t id[48];
        struct assay_config_id c;

        measure(rows[i].document, id);
        c = check(rows[i].name, ASSAY_SLICE(id), rows[i].left_out, NULL,
                  assay_buf_slice(&b));
        check_outcome(rows[i].name, &c, ASSAY_CONFIG_ID_DOCUMENT,
                      rows[i].fault);
        assay_buf_free(&b);
    }
}

static void
vm_configs(void **state)
{
    static const struct {
        const char *name;
        const char *vm_config;
        const char *fault;
    } rows[] = {
        {"none", "", NULL},
        {"no JSON", "x", "vm_config: JSON has 'x'"},
        {"cut", "{\"mr_config\":", "vm_config: JSON"},
        {"no object", "[]",
         "MRCONFIGID is of kind 3, and vm_config has no mr_config"},
        {"no mr_config", "{}",
         "MRCONFIGID is of kind 3, and vm_config has no mr_config"},
        {"another", "{\"mr_config\":\"{}\"}",
         "MRCONFIGID is not the hash of vm_config's mr_config"},
        {"null", "{\"mr_config\":null}",
         "MRCONFIGID is not the hash of vm_config's mr_config"},
        {"white space",
         "{\"mr_config\":{\"compose_hash\":\"" C0
         "\",\"key_provider\":\"kms\",\"version\": 3}}",
         "MRCONFIGID is not the hash of vm_config's mr_config"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_hex_row(rows[i].name, K3_SHORT, 0, NULL, rows[i].vm_config,
                      ASSAY_CONFIG_ID_DOCUMENT, rows[i].fault);
    }
}

/* The measured text is no JSON although its hash is right. */
static void
document_is_no_json(void **state)
{
    static const char text[] = "version 3";
    struct assay_buf b = vm_config_of(text, true);
    uint8_t id[48];
    struct assay_config_id c;

    (void)state;
    measure(text, id);
    c = check(text, ASSAY_SLICE(id), 0, NULL, assay_buf_slice(&b));
    check_outcome(text, &c, ASSAY_CONFIG_ID_DOCUMENT, "mr_config: JSON");
    assay_buf_free(&b);
}

static void
limit(void **state)
{
    struct assay_buf b = vm_config_of(SHORT, false);
    size_t room = ASSAY_VM_CONFIG_MAX_BYTES - b.len;
    struct assay_config_id c;
    uint8_t id[48];

    (void)state;
    b.max = 2 * ASSAY_VM_CONFIG_MAX_BYTES;
    measure(SHORT, id);
    memset(assay_buf_extend(&b, room), ' ', room);
    c = check("limit", ASSAY_SLICE(id), 0, NULL, assay_buf_slice(&b));
    check_outcome("limit", &c, ASSAY_CONFIG_ID_DOCUMENT, "");
    assay_buf_add_u8(&b, ' ');
    c = check("above", ASSAY_SLICE(id), 0, NULL, assay_buf_slice(&b));
    check_outcome("above", &c, ASSAY_CONFIG_ID_DOCUMENT, "vm_config: JSON");
    assay_buf_free(&b);
}

static void
failures_stick(void **state)
{
    static const struct assay_config_id zero;
    struct assay_config_id c;
    struct assay_error err;
    uint8_t id[48] = {1};

    (void)state;
    assay_error_clear(&err);
    (void)assay_fail(&err, ASSAY_IO, 7, "before");
    assert_int_equal(assay_config_id_check(ctx, ASSAY_SLICE(id), NULL,
                                           ASSAY_EMPTY, &c, &err),
                     ASSAY_IO);
    assert_memory_equal(&c, &zero, sizeof(c));
}

static int
start(void **state)
{
    (void)state;
    ctx = trial_ctx();
    return 0;
}

static int
stop(void **state)
{
    (void)state;
    assay_ctx_free(ctx);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),      cmocka_unit_test(kind_1),
        cmocka_unit_test(kind_2),     cmocka_unit_test(provider_id_limit),
        cmocka_unit_test(kind_3),     cmocka_unit_test(documents),
        cmocka_unit_test(vm_configs), cmocka_unit_test(document_is_no_json),
        cmocka_unit_test(limit),      cmocka_unit_test(failures_stick),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
