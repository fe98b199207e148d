/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_compose.c - app-compose: defaults, merging, hashes, comparing.
 *
 * Two hashes of whole default documents are published, but over the text of a
 * third party's script that is not shipped, so they cannot be reached here.
 * The hashes below are of documents of our own, computed apart.
 */
#include "eventlog/compose.h"

#include "base/json.h"
#include "base/text.h"
#include "harness/trial.h"

static struct assay_ctx *ctx;

static const char source[] =
    "{ \"name\": \"caf\\u00e9 \\/ \\u0001\\u001F\\b\\f\\n\\r\\t\\\"\\\\\",\n"
    "  \"manifest_version\" : 2, \"z\": [1.0, 2.50, 1e21, -0.001, "
    "18446744073709551615],\n"
    "  \"b\": {\"y\": null, \"x\": [true, {\"d\": 1, "
    "\"c\": \"\\ud83d\\ude00\"}]}, \"a\": \"\"}";
#define SOURCE_RAW                                                             \
    "40bcf52e3a205beaff6e7c48aa42f32b35bf082cf10c9e6eb3c68f5f01738388"
#define SOURCE_INSERTION                                                       \
    "18ae9855286ab0450a8ba7cf0e83d4bbff401588b5e4ee8d335b95140491f914"
#define SOURCE_SORTED                                                          \
    "e955ca73815215d0780fe9634b21ba5c42dc6a267e7733c1fc19c1acd2702622"

static void
from_hex(const char *hex, uint8_t out[32])
{
    struct assay_error err;

    assay_error_clear(&err);
    assert_int_equal(
        assay_hex_decode(assay_slice_of(hex), out, 32, "hash", &err), ASSAY_OK);
}

static void
check_hash(const char *row, const char *text, enum assay_compose_form form,
           const char *want)
{
    uint8_t hash[32];
    char hex[65];
    struct assay_error err;

    if (assay_compose_hash(ctx, assay_slice_of(text), form, hash, &err) !=
        ASSAY_OK) {
        fail_msg("row \"%s\": %s", row, err.msg);
    }
    assay_hex_to(hex, ASSAY_SLICE(hash));
    if (strcmp(hex, want) != 0) {
        fail_msg("row \"%s\": %s, want %s", row, hex, want);
    }
}

static void
hashes(void **state)
{
    (void)state;
    check_hash("raw", source, ASSAY_COMPOSE_RAW, SOURCE_RAW);
    check_hash("insertion", source, ASSAY_COMPOSE_INSERTION, SOURCE_INSERTION);
    check_hash("sorted", source, ASSAY_COMPOSE_SORTED, SOURCE_SORTED);
    check_hash("no JSON", "abc", ASSAY_COMPOSE_RAW,
               "ba7816bf8f01cfea414140de5dae2223"
               "b00361a396177a9cb410ff61f20015ad");
}

static void
hash_refusals(void **state)
{
    static const struct {
        const char *text;
        enum assay_code code;
        const char *msg;
        size_t offset;
    } rows[] = {
        {"[]", ASSAY_INVALID, "app_compose: not an object", 0},
        {" \"\"", ASSAY_INVALID, "app_compose: not an object", 1},
        {"{", ASSAY_TRUNCATED, "app_compose: JSON", 1},
        {"{\"a\":1,\"a\":1}", ASSAY_MALFORMED,
         "app_compose: JSON has the member \"a\" twice", 7},
        {"{\"a\":{\"sha256\":[]}}", ASSAY_UNSUPPORTED,
         "app_compose: {\"sha256\": ...} stands for a text", ASSAY_NO_OFFSET},
        {"{\"a\":[{\"sha256\":[\"x\"]}]}", ASSAY_UNSUPPORTED,
         "app_compose: {\"sha256\": ...} stands for a text", ASSAY_NO_OFFSET},
        {"{\"a\":1e999}", ASSAY_TOO_LARGE,
         "app_compose: JSON has a number that is too large", 5},
    };

    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
        struct assay_slice text = exact_copy(assay_slice_of(rows[i / 2].text));
        uint8_t hash[32];
        struct assay_error err;

        (void)!assay_compose_hash(ctx, text,
                                  i % 2 == 0 ? ASSAY_COMPOSE_INSERTION
                                             : ASSAY_COMPOSE_SORTED,
                                  hash, &err);
        check_error(rows[i / 2].text, &err, rows[i / 2].code, rows[i / 2].msg,
                    rows[i / 2].offset);
        free((void *)text.ptr);
    }
}

static void
each_truncation(void **state)
{
    (void)state;
    for (size_t n = 0; n < strlen(source); n++) {
        struct assay_slice cut =
            exact_copy((struct assay_slice){(const uint8_t *)source, n});
        static const uint8_t measured[32];
        struct assay_compose_match m;
        struct assay_buf out;
        struct assay_error err;
        uint8_t hash[32];

        assay_buf_init(&out, 1 << 16);
        assert_int_equal(
            assay_compose_hash(ctx, cut, ASSAY_COMPOSE_SORTED, hash, &err),
            ASSAY_TRUNCATED);
        assert_int_equal(assay_compose_merge(cut, &out, &err), ASSAY_TRUNCATED);
        assay_error_clear(&err);
        assert_int_equal(
            assay_compose_compare(ctx, cut, ASSAY_EMPTY, measured, &m, &err),
            ASSAY_TRUNCATED);
        assay_buf_free(&out);
        free((void *)cut.ptr);
    }
}

/* Not such an object: other types, other members, the whole document. */
static void
no_stand_in(void **state)
{
    static const char *const texts[] = {
        "{\"a\":{\"sha256\":\"x\"}}",
        "{\"a\":{\"sha256\":[],\"b\":1}}",
        "{\"a\":{\"SHA256\":[]}}",
        "{\"sha256\":[]}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        uint8_t hash[32];
        uint8_t raw[32];
        struct assay_error err;

        assert_int_equal(assay_compose_hash(ctx, assay_slice_of(texts[i]),
                                            ASSAY_COMPOSE_INSERTION, hash,
                                            &err),
                         ASSAY_OK);
        assert_int_equal(assay_compose_hash(ctx, assay_slice_of(texts[i]),
                                            ASSAY_COMPOSE_RAW, raw, &err),
                         ASSAY_OK);
        assert_memory_equal(hash, raw, sizeof(hash)); /* compact already */
    }
}

static void
limit(void **state)
{
    struct assay_buf b;
    uint8_t hash[32];
    struct assay_error err;

    (void)state;
    assay_buf_init(&b, ASSAY_COMPOSE_MAX_BYTES + 1);
    assay_buf_add_text(&b, "{}");
    memset(assay_buf_extend(&b, ASSAY_COMPOSE_MAX_BYTES - 2), ' ',
           ASSAY_COMPOSE_MAX_BYTES - 2);
    for (unsigned form = 0; form < 3; form++) {
        assert_int_equal(assay_compose_hash(ctx, assay_buf_slice(&b),
                                            (enum assay_compose_form)form, hash,
                                            &err),
                         ASSAY_OK);
    }
    assay_buf_add_u8(&b, ' ');
    for (unsigned form = 0; form < 3; form++) {
        assert_int_equal(assay_compose_hash(ctx, assay_buf_slice(&b),
                                            (enum assay_compose_form)form, hash,
                                            &err),
                         ASSAY_TOO_LARGE);
    }
    assay_buf_free(&b);
}

/* The numbers that grow most when they are written anew. */
static void
nothing_outgrows_the_room(void **state)
{
    struct assay_buf b;
    uint8_t hash[32];
    struct assay_error err;

    (void)state;
    assay_buf_init(&b, ASSAY_COMPOSE_MAX_BYTES);
    assay_buf_add_text(&b, "{\"a\":[1e15");
    while (b.len + 7 < b.max) {
        assay_buf_add_text(&b, ",1e15");
    }
    assay_buf_add_text(&b, "]}");
    assert_false(b.failed);
    assert_int_equal(assay_compose_hash(ctx, assay_buf_slice(&b),
                                        ASSAY_COMPOSE_SORTED, hash, &err),
                     ASSAY_OK);
    assay_buf_free(&b);
}

/* --- merging --------------------------------------------------------------
 */

static const char merged[] =
    "{\"allowed_envs\":[],\"docker_compose_file\":\"a:\\n\","
    "\"features\":[\"kms\",\"tproxy-net\"],\"gateway_enabled\":true,"
    "\"kms_enabled\":true,\"local_key_provider_enabled\":false,"
    "\"manifest_version\":2,\"name\":\"\",\"no_instance_id\":false,"
    "\"pre_launch_script\":\"echo hi\\n\",\"public_logs\":true,"
    "\"public_sysinfo\":true,\"public_tcbinfo\":true,"
    "\"runner\":\"docker-compose\",\"secure_time\":false,"
    "\"storage_fs\":\"zfs\",\"tproxy_enabled\":true,\"zz\":1,\"aa\":[]}";

static void
merging(void **state)
{
    static const char user[] =
        "{\"zz\" : 1, \"pre_launch_script\" : \"echo hi\\u000a\","
        " \"aa\" : [ ], \"docker_compose_file\" : \"a:\\n\"}";
    struct assay_buf out;
    struct assay_error err;

    (void)state;
    assay_buf_init(&out, 1 << 16);
    assert_int_equal(assay_compose_merge(assay_slice_of(user), &out, &err),
                     ASSAY_OK);
    assert_true(assay_slice_is(assay_buf_slice(&out), merged));
    check_hash("merged", merged, ASSAY_COMPOSE_INSERTION,
               "000b155fc6e0eb6274e3082aced7dc1e"
               "b48fd060b96a2190b5269546e5352fbb");
    check_hash("merged", merged, ASSAY_COMPOSE_SORTED,
               "60a712f93dba6fd943f12d33c8da29af"
               "4643f17e9af0b8fa5b80bf3421e1830c");
    assay_buf_free(&out);

    /* appended to what is there; nothing changed: the defaults */
    assay_buf_init(&out, 1 << 16);
    assay_buf_add_text(&out, "x");
    assert_int_equal(assay_compose_merge(assay_slice_of("{}"), &out, &err),
                     ASSAY_OK);
    assert_true(
        assay_slice_equal((struct assay_slice){out.ptr + 1, out.len - 1},
                          assay_compose_default()));
    assay_buf_free(&out);
}

static void
merge_refusals(void **state)
{
    static const struct {
        const char *text;
        enum assay_code code;
        const char *msg;
        size_t offset;
    } rows[] = {
        {"[]", ASSAY_INVALID, "app_compose: not an object", 0},
        {"", ASSAY_TRUNCATED, "app_compose: JSON", 0},
        {"{\"a\":1e999}", ASSAY_TOO_LARGE, "app_compose: JSON has a number", 5},
        {"{\"name\":1e999}", ASSAY_TOO_LARGE, "app_compose: JSON has a number",
         8},
        {"{\"a\":\"0123456789012345678901234567890123456789012345678901234567"
         "89012345678901234567890123456789012345678901234567890123456789\"}",
         ASSAY_TOO_LARGE, "app_compose: more than 540 bytes", ASSAY_NO_OFFSET},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf out;
        struct assay_error err;

        assay_buf_init(&out, 540);
        assay_buf_add_text(&out, "x");
        (void)!assay_compose_merge(assay_slice_of(rows[i].text), &out, &err);
        check_error(rows[i].text, &err, rows[i].code, rows[i].msg,
                    rows[i].offset);
        assert_int_equal(out.len, 1);
        assay_buf_free(&out);
    }
}

static void
defaults(void **state)
{
    static const struct assay_json_limits limits = {4096, 4, 100};
    struct assay_json *j = NULL;
    struct assay_error err;

    (void)state;
    assay_error_clear(&err);
    assert_int_equal(
        assay_json_parse(assay_compose_default(), &limits, "default", &j, &err),
        ASSAY_OK);
    assert_int_equal(assay_json_count(j, 0), 17);
    assay_json_free(j);
}

/* --- comparing without an offered text --------------------------------------
 */

static struct assay_compose_match
compare(const char *row, const char *expected, struct assay_slice offered,
        const uint8_t measured[32])
{
    struct assay_slice text = exact_copy(assay_slice_of(expected));
    struct assay_compose_match m;
    struct assay_error err;

    memset(&m, 0x55, sizeof(m));
    assay_error_clear(&err);
    if (assay_compose_compare(ctx, text, offered, measured, &m, &err) !=
        ASSAY_OK) {
        fail_msg("row \"%s\": %s", row, err.msg);
    }
    free((void *)text.ptr);
    CHECK(row, memchr(m.fault, '\0', sizeof(m.fault)) != NULL);
    CHECK(row, m.matched == (m.fault[0] == '\0'));
    CHECK(row, m.matched == (m.form != NULL));
    return m;
}

static void
by_hash(void **state)
{
    static const struct {
        const char *measured;
        const char *form;
    } rows[] = {
        {SOURCE_RAW, "text as given"},
        {SOURCE_INSERTION, "insertion order"},
        {SOURCE_SORTED, "sorted"},
    };
    uint8_t hash[32];
    struct assay_compose_match m;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        from_hex(rows[i].measured, hash);
        m = compare(rows[i].form, source, ASSAY_EMPTY, hash);
        assert_true(m.matched);
        assert_string_equal(m.form, rows[i].form);
    }
    hash[31] ^= 1;
    m = compare("another", source, ASSAY_EMPTY, hash);
    assert_string_equal(m.fault,
                        "app_compose: its SHA-256 (sorted) is "
                        "e955ca73815215d0..., and e955ca73815215d0... was "
                        "measured");
    m = compare("stand-in", "{\"pre_launch_script\":{\"sha256\":[]}}",
                ASSAY_EMPTY, hash);
    assert_string_equal(m.fault,
                        "app_compose has {\"sha256\": ...} for a text, and no "
                        "app-compose was offered: give the text, or "
                        "compose_hash");
}

/* --- comparing with one -----------------------------------------------------
 */

#define SCRIPT_HASH                                                            \
    "ab08508fdf5ca4da5c4995987bc41c56c048aaa5eeb046417ae4049b7d40286e"
#define OTHER_HASH                                                             \
    "0000000000000000000000000000000000000000000000000000000000000000"
/* All defaults but docker_compose_file, with a script of ours. */
#define OFFER(more)                                                            \
    "{ \"tproxy_enabled\" : true, \"storage_fs\":\"zfs\",\"secure_time\":"     \
    "false,\"runner\":\"docker-compose\",\"public_tcbinfo\":true,"             \
    "\"public_sysinfo\":true,\"public_logs\":true,\"no_instance_id\":false,"   \
    "\"name\":\"\",\"manifest_version\":2,\"local_key_provider_enabled\":"     \
    "false,\"kms_enabled\":true,\"gateway_enabled\":true,\"features\":["       \
    "\"kms\",\"tproxy-net\"],\"allowed_envs\":[],\"pre_launch_script\":"       \
    "\"echo hi\\n\"" more "}"
#define FILE_OF(text) ",\"docker_compose_file\":\"" text "\""
#define EXPECT(more)  "{\"pre_launch_script\":\"echo hi\\n\"" more "}"

static void
by_members(void **state)
{
    static const struct {
        const char *name;
        const char *expected;
        const char *offered;
        const char *fault; /* its start; "": matched */
    } rows[] = {
        {"defaults only", EXPECT(""), OFFER(FILE_OF("")), ""},
        {"order and space do not matter",
         EXPECT(",\"x\":{\"a\":1,\"b\":[1,{}]}"),
         OFFER(FILE_OF("") ",\"x\" : { \"b\" : [ 1 , { } ] , \"a\" : 1 }"), ""},
        {"escapes do not matter", EXPECT(FILE_OF("a\\/\\u00e9\\n")),
         OFFER(FILE_OF("a/\xc3\xa9\\u000a")), ""},
        {"script by hash",
         "{\"pre_launch_script\":{\"sha256\":[\"" OTHER_HASH "\",\"" SCRIPT_HASH
         "\"]}}",
         OFFER(FILE_OF("")), ""},
        {"script by upper-case hash",
         "{\"pre_launch_script\":{\"sha256\":[\"AB08508FDF5CA4DA5C4995987BC41C5"
         "6C048AAA5EEB046417AE4049B7D40286E\"]}}",
         OFFER(FILE_OF("")), ""},
        {"null is absent", EXPECT(",\"docker_compose_file\":null"), OFFER(""),
         ""},
        {"null is null", EXPECT(",\"x\":null"),
         OFFER(FILE_OF("") ",\"x\":null"), ""},
        {"null below", EXPECT(",\"x\":{\"a\":null}"),
         OFFER(FILE_OF("") ",\"x\":{}"), ""},
        {"hash below",
         EXPECT(",\"x\":[{\"y\":{\"sha256\":[\"" SCRIPT_HASH "\"]}}]"),
         OFFER(FILE_OF("") ",\"x\":[{\"y\":\"echo hi\\n\"}]"), ""},

        {"member differs", EXPECT(",\"name\":\"b\""), OFFER(FILE_OF("")),
         "app_compose.name: offered '', expected 'b'"},
        {"member missing", EXPECT(",\"x\":1"), OFFER(FILE_OF("")),
         "app_compose.x: offered 'nothing', expected '1'"},
        {"member not null", EXPECT(",\"name\":null"), OFFER(FILE_OF("")),
         "app_compose.name: offered '\"\"', expected 'null'"},
        {"default differs", EXPECT(""), OFFER(FILE_OF("image: evil")),
         "app_compose.docker_compose_file: offered 'image: evil', default ''"},
        {"default missing", EXPECT(""), OFFER(""),
         "app_compose.docker_compose_file: offered 'nothing', default '\"\"'"},
        {"default script", "{}", OFFER(FILE_OF("")),
         "app_compose.pre_launch_script: the default SHA-256 is not that of "
         "what is offered"},
        {"another member", EXPECT(""),
         OFFER(FILE_OF("") ",\"init_script\":\"\""),
         "app_compose.init_script: offered, but neither the policy nor the "
         "default has this member"},
        {"another hash",
         "{\"pre_launch_script\":{\"sha256\":[\"" OTHER_HASH "\"]}}",
         OFFER(FILE_OF("")),
         "app_compose.pre_launch_script: the expected SHA-256 is not that of "
         "what is offered"},
        {"no hash", "{\"pre_launch_script\":{\"sha256\":[]}}",
         OFFER(FILE_OF("")),
         "app_compose.pre_launch_script: the expected SHA-256"},
        {"hash of no text", EXPECT(",\"x\":{\"sha256\":[\"" SCRIPT_HASH "\"]}"),
         OFFER(FILE_OF("") ",\"x\":{\"sha256\":[\"" SCRIPT_HASH "\"]}"),
         "app_compose.x: the expected SHA-256"},
        {"hash of nothing", EXPECT(",\"x\":{\"sha256\":[\"" SCRIPT_HASH "\"]}"),
         OFFER(FILE_OF("")), "app_compose.x: the expected SHA-256"},
        {"line of a text",
         EXPECT(
             FILE_OF("services:\\n  a:\\n    image: good@sha256:0123\\nend")),
         OFFER(FILE_OF("services:\\n  a:\\n    image: evil@sha256:0123\\nend")),
         "app_compose.docker_compose_file, line 3: offered '   image: "
         "evil@sha256:0123', expected '   image: good@sha256:0123'"},
        {"line more", EXPECT(FILE_OF("a\\n")), OFFER(FILE_OF("a\\nb\\n")),
         "app_compose.docker_compose_file, line 2: offered 'b', expected ''"},
        {"long line",
         EXPECT(FILE_OF("0123456789012345678901234567890123456789xyz")),
         OFFER(FILE_OF("0123456789012345678901234567890123456789abcdefghijklmno"
                       "pqrstuvwxyz")),
         "app_compose.docker_compose_file: offered "
         "'0123456789abcdefghijklmnopqrstuvwxyz', expected '0123456789xyz'"},
        {"characters that are not printable", EXPECT(FILE_OF("\\u001b[31m")),
         OFFER(FILE_OF("\xc3\xa9")),
         "app_compose.docker_compose_file: offered '\?\?', expected '?[31m'"},
        {"number as text", EXPECT(",\"manifest_version\":\"2\""),
         OFFER(FILE_OF("")),
         "app_compose.manifest_version: offered '2', expected '\"2\"'"},
        {"number spelt otherwise", EXPECT(",\"manifest_version\":2.0"),
         OFFER(FILE_OF("")),
         "app_compose.manifest_version: offered '2', expected '2.0'"},
        {"true and false", EXPECT(",\"secure_time\":true"), OFFER(FILE_OF("")),
         "app_compose.secure_time: offered 'false', expected 'true'"},
        {"element differs", EXPECT(",\"features\":[\"kms\",\"x\"]"),
         OFFER(FILE_OF("")),
         "app_compose.features: offered 'tproxy-net', expected 'x'"},
        {"element missing", EXPECT(",\"features\":[\"kms\"]"),
         OFFER(FILE_OF("")),
         "app_compose.features: offered '\"tproxy-net\"', expected 'nothing'"},
        {"element more", EXPECT(",\"allowed_envs\":[\"A\"]"),
         OFFER(FILE_OF("")),
         "app_compose.allowed_envs: offered 'nothing', expected '\"A\"'"},
        {"elements in another order",
         EXPECT(",\"features\":[\"tproxy-net\",\"kms\"]"), OFFER(FILE_OF("")),
         "app_compose.features: offered 'kms', expected 'tproxy-net'"},
        {"member below differs", EXPECT(",\"x\":{\"a\":{\"b\":1}}"),
         OFFER(FILE_OF("") ",\"x\":{\"a\":{\"b\":2}}"),
         "app_compose.x: offered '2', expected '1'"},
        {"member below missing", EXPECT(",\"x\":{\"a\":1}"),
         OFFER(FILE_OF("") ",\"x\":{}"),
         "app_compose.x: offered 'nothing', expected '1'"},
        {"member below more", EXPECT(",\"x\":{\"a\":1}"),
         OFFER(FILE_OF("") ",\"x\":{\"a\":1,\"b\":2}"),
         "app_compose.x: offered '\"b\"', expected 'nothing'"},
        {"null and a member more below", EXPECT(",\"x\":{\"a\":null}"),
         OFFER(FILE_OF("") ",\"x\":{\"b\":2}"),
         "app_compose.x: offered '\"b\"', expected 'nothing'"},
        {"array and object", EXPECT(",\"x\":[]"),
         OFFER(FILE_OF("") ",\"x\":{}"),
         "app_compose.x: offered '{}', expected '[]'"},
        {"offered is no object", "{}", "[]",
         "offered app-compose: not an object"},
        {"offered is no JSON", "{}", "services:\n",
         "offered app-compose: JSON"},
        {"offered has a member twice", "{}", "{\"name\":1,\"name\":\"\"}",
         "offered app-compose: JSON has the member \"name\" twice"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_slice offered =
            exact_copy(assay_slice_of(rows[i].offered));
        const char *fault = rows[i].fault;
        struct assay_compose_match m;
        uint8_t measured[32];
        struct assay_error err;

        assay_error_clear(&err);
        assert_int_equal(assay_sha256(ctx, offered, measured, &err), ASSAY_OK);
        m = compare(rows[i].name, rows[i].expected, offered, measured);
        if (strncmp(m.fault, fault, strlen(fault)) != 0 ||
            m.matched != (fault[0] == '\0')) {
            fail_msg("row \"%s\": \"%s\", want \"%s\"", rows[i].name, m.fault,
                     fault);
        }
        CHECK(rows[i].name, !m.matched || strcmp(m.form, "offered text") == 0);
        free((void *)offered.ptr);
    }
}

/* The server shows one text and runs another. */
static void
test_hole_offered_text_is_not_measured(void **state)
{
    static const uint8_t measured[32] = {0xab};
    struct assay_compose_match m = compare(
        "other", EXPECT(""), assay_slice_of(OFFER(FILE_OF(""))), measured);

    (void)state;
    assert_non_null(strstr(m.fault, "the offered app-compose has the SHA-256"));
    assert_non_null(strstr(m.fault, "and ab00000000000000... was measured"));
}

static void
compare_errors(void **state)
{
    static const struct {
        const char *expected;
        enum assay_code code;
        const char *msg;
        size_t offset;
    } rows[] = {
        {"[]", ASSAY_INVALID, "app_compose: not an object", 0},
        {"{\"a\"", ASSAY_TRUNCATED, "app_compose: JSON", 4},
        {"{\"a\":{\"sha256\":[7]}}", ASSAY_INVALID,
         "app_compose: sha256: need 32 bytes", 16},
        {"{\"a\":{\"sha256\":[\"" OTHER_HASH "\",\"00\"]}}", ASSAY_INVALID,
         "app_compose: sha256: need 32 bytes", 83},
        {"{\"a\":[{\"sha256\":[\"x000000000000000000000000000000000000000000000"
         "000000000000000000\"]}]}",
         ASSAY_INVALID, "app_compose: sha256: 'x' is no hex digit", 17},
        {"{\"a\":1e999}", ASSAY_TOO_LARGE, "app_compose: JSON has a number", 5},
    };
    static const struct assay_compose_match zero;
    static const uint8_t measured[32];
    struct assay_compose_match m;
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assay_error_clear(&err);
        (void)!assay_compose_compare(ctx, assay_slice_of(rows[i].expected),
                                     ASSAY_EMPTY, measured, &m, &err);
        check_error(rows[i].expected, &err, rows[i].code, rows[i].msg,
                    rows[i].offset);
        assert_memory_equal(&m, &zero, sizeof(m));
    }
    assert_int_equal(assay_compose_compare(ctx, assay_slice_of("{}"),
                                           ASSAY_EMPTY, measured, &m, &err),
                     ASSAY_TOO_LARGE); /* the failure of before */
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
        cmocka_unit_test(hashes),
        cmocka_unit_test(hash_refusals),
        cmocka_unit_test(each_truncation),
        cmocka_unit_test(no_stand_in),
        cmocka_unit_test(limit),
        cmocka_unit_test(nothing_outgrows_the_room),
        cmocka_unit_test(merging),
        cmocka_unit_test(merge_refusals),
        cmocka_unit_test(defaults),
        cmocka_unit_test(by_hash),
        cmocka_unit_test(by_members),
        cmocka_unit_test(test_hole_offered_text_is_not_measured),
        cmocka_unit_test(compare_errors),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
