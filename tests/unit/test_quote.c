/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_quote.c - quotes of every version and body: what is read, what is
 * refused and where. Offsets are written out here by hand (Intel's layouts).
 */
#include <stdio.h>

#include "harness/trial.h"
#include "harness/vectors.h"

enum kind { V3, V4_SGX, V4_TDX, V5_SGX, V5_TD10, V5_TD15, V5_TD15EX };

static const struct {
    const char *name;
    struct mint_quote_options o;
    uint32_t tee;
    enum assay_body_type body_type;
    size_t body;      /* where the body starts */
    size_t body_size; /* and its octets */
    size_t qe;        /* where the QE report starts */
} kinds[] = {
    [V3] = {"v3", {.version = 3}, 0, ASSAY_BODY_SGX, 48, 384, 564},
    [V4_SGX] = {"v4 SGX",
                {.body_type = ASSAY_BODY_SGX},
                0,
                ASSAY_BODY_SGX,
                48,
                384,
                570},
    [V4_TDX] = {"v4 TDX", {.version = 4}, 0x81, ASSAY_BODY_TD10, 48, 584, 770},
    [V5_SGX] = {"v5 SGX",
                {.version = 5, .body_type = ASSAY_BODY_SGX},
                0,
                ASSAY_BODY_SGX,
                54,
                384,
                576},
    [V5_TD10] = {"v5 TD 1.0",
                 {.version = 5, .body_type = ASSAY_BODY_TD10},
                 0x81,
                 ASSAY_BODY_TD10,
                 54,
                 584,
                 776},
    [V5_TD15] = {"v5 TD 1.5",
                 {.version = 5, .body_type = ASSAY_BODY_TD15},
                 0x81,
                 ASSAY_BODY_TD15,
                 54,
                 648,
                 840},
    [V5_TD15EX] = {"v5 TD 1.5 extended",
                   {.version = 5, .body_type = ASSAY_BODY_TD15EX},
                   0x81,
                   ASSAY_BODY_TD15EX,
                   54,
                   885,
                   1077},
};

static struct assay_buf
new_quote(const char *row, const struct mint_quote_options *q)
{
    const struct mint_options o = {.quote = *q};
    struct mint_world *w = trial_world(row, &o);
    struct assay_buf b;
    struct assay_error err;

    assay_buf_init(&b, MINT_QUOTE_MAX);
    if (mint_world_quote(w, &b, &err) != ASSAY_OK) {
        fail_msg("row \"%s\": %s", row, err.msg);
    }
    mint_world_free(w);
    return b;
}

/* One good quote of each kind, for edits. */
static const struct assay_buf *
good_quote(enum kind kind)
{
    static struct assay_buf good[COUNT_OF(kinds)];

    if (good[kind].len == 0) {
        good[kind] = new_quote(kinds[kind].name, &kinds[kind].o);
    }
    return &good[kind];
}

static struct assay_buf
copy_of(const struct assay_buf *b)
{
    struct assay_buf copy;

    assay_buf_init(&copy, MINT_QUOTE_MAX);
    assay_buf_add(&copy, assay_buf_slice(b));
    return copy;
}

static void
put_le(struct assay_buf *b, size_t at, size_t width, uint64_t v)
{
    assert_true(at + width <= b->len);
    for (size_t i = 0; i < width; i++) {
        b->ptr[at + i] = (uint8_t)(v >> (8 * i));
    }
}

static uint64_t
get_le(const struct assay_buf *b, size_t at, size_t width)
{
    uint64_t v = 0;

    for (size_t i = width; i-- > 0;) {
        v = v << 8 | b->ptr[at + i];
    }
    return v;
}

/* Parses an exact copy; offsets below zero count from the end. */
static struct assay_quote *
parse(const char *row, struct assay_slice raw, enum assay_code want,
      const char *msg, long offset)
{
    struct assay_slice copy = exact_copy(raw);
    struct assay_quote *q = (struct assay_quote *)(uintptr_t)1;
    struct assay_error err;
    enum assay_code code = assay_quote_parse(copy, &q, &err);

    free((void *)copy.ptr);
    if (want == ASSAY_OK) {
        check_error(row, &err, ASSAY_OK, "", ASSAY_NO_OFFSET);
        CHECK(row, code == ASSAY_OK && q != NULL);
        return q;
    }
    check_error(row, &err, want, msg,
                offset < 0 ? raw.len - (size_t)-offset : (size_t)offset);
    CHECK(row, code == want && q == NULL);
    return NULL;
}

static void
expect(const char *row, const struct assay_buf *b, enum assay_code want,
       const char *msg, long offset)
{
    assay_quote_free(parse(row, assay_buf_slice(b), want, msg, offset));
}

/* --- one edit of a good quote ------------------------------------------- */

static const struct {
    const char *name;
    enum kind kind;
    size_t at;
    size_t width;
    int64_t add;    /* added to what stands there ... */
    uint64_t value; /* ... or, if that is 0, put in its place */
    enum assay_code code;
    const char *msg;
    long offset;
} edits[] = {
#define TOO_SHORT ASSAY_TRUNCATED
#define NOT_KNOWN ASSAY_UNSUPPORTED
#define BAD       ASSAY_MALFORMED
    /* header */
    {"version 0", V3, 0, 2, 0, 0, NOT_KNOWN, "header.version: 0 is not 3", 0},
    {"version 1", V3, 0, 2, 0, 1, NOT_KNOWN, "header.version: 1 is not 3", 0},
    {"version 2", V3, 0, 2, 0, 2, NOT_KNOWN, "header.version: 2 is not 3", 0},
    {"version 6", V5_TD15, 0, 2, 0, 6, NOT_KNOWN, "header.version: 6", 0},
    {"version 259", V3, 0, 2, 0, 0x103, NOT_KNOWN, "header.version: 259", 0},
    {"version 1024", V4_TDX, 0, 2, 0, 0x400, NOT_KNOWN, "header.version: 1024",
     0},
    {"v3 as v4", V3, 0, 2, 0, 4, TOO_SHORT, "outer certification data: need",
     570},
    {"v3 as v5", V3, 0, 2, 0, 5, NOT_KNOWN, "body.type: 1028 is not 1, 2, 3",
     48},
    {"v4 TDX as v3", V4_TDX, 0, 2, 0, 3, NOT_KNOWN,
     "header.tee_type: 0x81 is not known in version 3", 4},
    {"v5 as v4", V5_TD15, 0, 2, 0, 4, TOO_SHORT, "signature section: need",
     636},
    {"key type 0", V3, 2, 2, 0, 0, NOT_KNOWN, "header.att_key_type: 0 is", 2},
    {"key type 1", V4_TDX, 2, 2, 0, 1, NOT_KNOWN, "header.att_key_type: 1", 2},
    {"key type 3", V4_SGX, 2, 2, 0, 3, NOT_KNOWN, "header.att_key_type: 3", 2},
    {"key type 258", V5_SGX, 2, 2, 0, 0x102, NOT_KNOWN,
     "header.att_key_type: 258", 2},
    {"TEE TDX in v3", V3, 4, 4, 0, 0x81, NOT_KNOWN,
     "header.tee_type: 0x81 is not known in version 3", 4},
    {"TEE 1 in v3", V3, 4, 4, 0, 1, NOT_KNOWN, "header.tee_type: 0x1 is", 4},
    {"TEE 0x80", V4_TDX, 4, 4, 0, 0x80, NOT_KNOWN, "header.tee_type: 0x80", 4},
    {"TEE 0x82", V5_TD15, 4, 4, 0, 0x82, NOT_KNOWN, "header.tee_type: 0x82", 4},
    {"TEE 0x81000000", V4_TDX, 4, 4, 0, 0x81000000, NOT_KNOWN,
     "header.tee_type: 0x81000000", 4},
    {"TEE 0x181", V4_TDX, 4, 4, 0, 0x181, NOT_KNOWN, "header.tee_type: 0x181",
     4},
    {"v4 TDX as SGX", V4_TDX, 4, 4, 0, 0, ASSAY_TRUNCATED,
     "signature section: need", 436},
    {"word 8 in v3", V3, 8, 2, 0, 0xffff, ASSAY_OK, "", 0},
    {"word 10 in v3", V3, 10, 2, 0, 0xffff, ASSAY_OK, "", 0},
    {"word 8 in v4", V4_TDX, 8, 2, 0, 0xffff, ASSAY_OK, "", 0},
    {"word 10 in v5", V5_TD15, 10, 2, 0, 0xffff, ASSAY_OK, "", 0},
    {"user data", V4_TDX, 28, 8, 0, 0x1122334455667788, ASSAY_OK, "", 0},
    {"reserved in the report", V3, 48 + 260, 8, 0, UINT64_MAX, ASSAY_OK, "", 0},
    /* version 5's descriptor */
    {"body type 0", V5_TD15, 48, 2, 0, 0, NOT_KNOWN, "body.type: 0 is not 1",
     48},
    {"body type 5", V5_TD15, 48, 2, 0, 5, NOT_KNOWN, "body.type: 5 is not 1",
     48},
    {"body type 259", V5_TD15, 48, 2, 0, 0x103, NOT_KNOWN, "body.type: 259",
     48},
    {"body size + 1", V5_TD15, 50, 4, 1, 0, BAD,
     "body: type 3 with 649 bytes in TEE 0x81", 48},
    {"body size - 1", V5_TD15EX, 50, 4, -1, 0, BAD,
     "body: type 4 with 884 bytes in TEE 0x81", 48},
    {"body size 0", V5_SGX, 50, 4, 0, 0, BAD,
     "body: type 1 with 0 bytes in TEE 0x0", 48},
    {"body size huge", V5_TD10, 50, 4, 0, UINT32_MAX, BAD,
     "body: type 2 with 4294967295 bytes", 48},
    {"body size + 65536", V5_TD10, 50, 4, 65536, 0, BAD,
     "body: type 2 with 66120 bytes", 48},
    /* signature length */
    {"v3 signature length + 1", V3, 432, 4, 1, 0, TOO_SHORT,
     "signature section: need", 436},
    {"v3 signature length - 1", V3, 432, 4, -1, 0, TOO_SHORT,
     "certification data: need", 1052},
    {"v4 SGX signature length + 1", V4_SGX, 432, 4, 1, 0, TOO_SHORT,
     "signature section: need", 436},
    {"v4 SGX signature length - 1", V4_SGX, 432, 4, -1, 0, TOO_SHORT,
     "outer certification data: need", 570},
    {"v4 signature length + 1", V4_TDX, 632, 4, 1, 0, TOO_SHORT,
     "signature section: need", 636},
    {"v4 signature length - 1", V4_TDX, 632, 4, -1, 0, TOO_SHORT,
     "outer certification data: need", 770},
    {"v5 signature length + 1", V5_TD15, 702, 4, 1, 0, TOO_SHORT,
     "signature section: need", 706},
    {"v5 signature length - 1", V5_TD15, 702, 4, -1, 0, TOO_SHORT,
     "outer certification data: need", 840},
    {"v5 SGX signature length + 1", V5_SGX, 438, 4, 1, 0, TOO_SHORT,
     "signature section: need", 442},
    {"v5 TD 1.0 signature length + 1", V5_TD10, 638, 4, 1, 0, TOO_SHORT,
     "signature section: need", 642},
    {"v5 extended signature length + 1", V5_TD15EX, 939, 4, 1, 0, TOO_SHORT,
     "signature section: need", 943},
    {"signature length 0", V3, 432, 4, 0, 0, TOO_SHORT,
     "quote signature: need 64 bytes, have 0", 436},
    {"signature length 64", V3, 432, 4, 0, 64, TOO_SHORT,
     "attestation key: need 64 bytes, have 0", 500},
    {"signature length 128", V4_TDX, 632, 4, 0, 128, TOO_SHORT,
     "outer certification data type: need 2 bytes, have 0", 764},
    {"signature length 133", V4_TDX, 632, 4, 0, 133, TOO_SHORT,
     "outer certification data size: need 4 bytes, have 3", 766},
    {"signature length 583", V3, 432, 4, 0, 583, TOO_SHORT,
     "QE authentication data: need 32 bytes, have 5", 1014},
    {"signature length 2^32 - 1", V4_TDX, 632, 4, 0, UINT32_MAX, TOO_SHORT,
     "signature section: need 4294967295 bytes", 636},
    {"signature length 2^31", V3, 432, 4, 0, 1u << 31, TOO_SHORT,
     "signature section: need 2147483648 bytes", 436},
    /* outer certification data of versions 4 and 5 */
    {"outer type 0", V4_TDX, 764, 2, 0, 0, NOT_KNOWN,
     "outer certification data type: 0 is not 6", 764},
    {"outer type 5", V4_TDX, 764, 2, 0, 5, NOT_KNOWN,
     "outer certification data type: 5 is not 6", 764},
    {"outer type 7", V5_TD15, 834, 2, 0, 7, NOT_KNOWN,
     "outer certification data type: 7 is not 6", 834},
    {"outer type 262", V4_SGX, 564, 2, 0, 0x106, NOT_KNOWN,
     "outer certification data type: 262 is not 6", 564},
    {"outer size + 1", V4_TDX, 766, 4, 1, 0, TOO_SHORT,
     "outer certification data: need", 770},
    {"outer size - 1", V4_TDX, 766, 4, -1, 0, TOO_SHORT,
     "certification data: need", 1258},
    {"v5 outer size + 1", V5_TD15EX, 1073, 4, 1, 0, TOO_SHORT,
     "outer certification data: need", 1077},
    {"v5 outer size - 1", V5_TD15EX, 1073, 4, -1, 0, TOO_SHORT,
     "certification data: need", 1565},
    {"outer size 0", V4_TDX, 766, 4, 0, 0, TOO_SHORT,
     "report.cpusvn: need 16 bytes, have 0", 770},
    {"outer size 2^32 - 1", V4_TDX, 766, 4, 0, UINT32_MAX, TOO_SHORT,
     "outer certification data: need 4294967295", 770},
    /* authentication data */
    {"auth size 65535", V3, 1012, 2, 0, 65535, TOO_SHORT,
     "QE authentication data: need 65535 bytes", 1014},
    {"auth size 65535 in v4", V4_TDX, 1218, 2, 0, 65535, TOO_SHORT,
     "QE authentication data: need 65535 bytes", 1220},
    {"auth size + 1", V3, 1012, 2, 1, 0, TOO_SHORT, "certification data: need",
     1053},
    {"auth size - 1", V3, 1012, 2, -1, 0, TOO_SHORT, "certification data: need",
     1051},
    /* certification data */
    {"cert type 0", V3, 1046, 2, 0, 0, NOT_KNOWN,
     "certification data type: 0 is not 1 to 5", 1046},
    {"cert type 6", V3, 1046, 2, 0, 6, NOT_KNOWN,
     "certification data type: 6 is not 1 to 5", 1046},
    {"cert type 6 inside 6", V4_TDX, 1252, 2, 0, 6, NOT_KNOWN,
     "certification data type: 6 is not 1 to 5", 1252},
    {"cert type 7", V3, 1046, 2, 0, 7, NOT_KNOWN,
     "certification data type: 7 is not 1 to 5", 1046},
    {"cert type 7 in v5", V5_TD15, 1322, 2, 0, 7, NOT_KNOWN,
     "certification data type: 7 is not 1 to 5", 1322},
    {"cert type 65535", V4_TDX, 1252, 2, 0, 65535, NOT_KNOWN,
     "certification data type: 65535 is not 1 to 5", 1252},
    {"cert type 261", V4_TDX, 1252, 2, 0, 0x105, NOT_KNOWN,
     "certification data type: 261 is not 1 to 5", 1252},
    {"chain called PPID", V3, 1046, 2, 0, 1, BAD, "certification data:", 1046},
    {"chain called leaf", V3, 1046, 2, 0, 4, ASSAY_OK, "", 0},
    {"v3 cert size + 1", V3, 1048, 4, 1, 0, TOO_SHORT,
     "certification data: need", 1052},
    {"v3 cert size - 1: slack", V3, 1048, 4, -1, 0, ASSAY_OK, "", 0},
    {"v4 cert size + 1", V4_TDX, 1254, 4, 1, 0, TOO_SHORT,
     "certification data: need", 1258},
    {"v4 cert size - 1", V4_TDX, 1254, 4, -1, 0, BAD,
     "outer certification data: 1 bytes left over", -1},
    {"v5 cert size - 2", V5_TD15, 1324, 4, -2, 0, BAD,
     "outer certification data: 2 bytes left over", -2},
    {"cert size 2^32 - 1", V3, 1048, 4, 0, UINT32_MAX, TOO_SHORT,
     "certification data: need 4294967295 bytes", 1052},
#undef TOO_SHORT
#undef NOT_KNOWN
#undef BAD
};

static void
test_edits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(edits); i++) {
        struct assay_buf b = copy_of(good_quote(edits[i].kind));
        uint64_t v = edits[i].value;

        if (edits[i].add != 0) {
            v = get_le(&b, edits[i].at, edits[i].width) +
                (uint64_t)edits[i].add;
        }
        put_le(&b, edits[i].at, edits[i].width, v);
        expect(edits[i].name, &b, edits[i].code, edits[i].msg, edits[i].offset);
        assay_buf_free(&b);
    }
}

/* Each octet of the vendor id matters. */
static void
test_vendor(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
        for (size_t i = 0; i < 16; i++) {
            struct assay_buf b = copy_of(good_quote((enum kind)kind));

            b.ptr[12 + i] ^= 0x80;
            expect(kinds[kind].name, &b, ASSAY_UNSUPPORTED,
                   "header.qe_vendor_id: not Intel's", 12);
            assay_buf_free(&b);
        }
    }
}

/* Version 5: type, size and TEE must belong together, so of 4 * 4 * 2
 * combinations on each body just one is good. */
static void
test_descriptor(void **state)
{
    static const uint32_t sizes[] = {384, 584, 648, 885};
    static const uint32_t tees[] = {0, 0x81};
    size_t good = 0;

    (void)state;
    for (size_t kind = V5_SGX; kind <= V5_TD15EX; kind++) {
        struct assay_buf b = copy_of(good_quote((enum kind)kind));

        for (size_t i = 0; i < COUNT_OF(sizes) * COUNT_OF(tees); i++) {
            uint32_t size = sizes[i / 2];
            uint32_t tee = tees[i % 2];
            bool fits = size == kinds[kind].body_size && tee == kinds[kind].tee;
            char msg[64];

            (void)snprintf(msg, sizeof(msg),
                           "body: type %u with %u bytes in TEE 0x%x",
                           kinds[kind].body_type, size, tee);
            put_le(&b, 4, 4, tee);
            put_le(&b, 50, 4, size);
            expect(kinds[kind].name, &b, fits ? ASSAY_OK : ASSAY_MALFORMED, msg,
                   48);
            good += fits;
        }
        assay_buf_free(&b);
    }
    assert_int_equal(good, 4);
}

/* --- sizes that mint writes --------------------------------------------- */

static const struct {
    const char *name;
    struct mint_quote_options o;
    enum assay_code code;
    const char *msg;
    long offset;
    size_t trailing; /* bytes after the signature section */
} sizes[] = {
    {"v3, nothing extra", {.version = 3}, ASSAY_OK, "", 0, 0},
    {"v3, trailing", {.version = 3, .trailing = 70}, ASSAY_OK, "", 0, 70},
    {"v4, one trailing", {.trailing = 1, .slack_byte = 7}, ASSAY_OK, "", 0, 1},
    {"v5, trailing", {.version = 5, .trailing = 3065}, ASSAY_OK, "", 0, 3065},
    {"v3, slack in the section",
     {.version = 3, .slack_in_signature = 5, .slack_byte = 1},
     ASSAY_OK,
     "",
     0,
     0},
    {"v4, slack behind type 6",
     {.slack_in_signature = 39, .slack_byte = 1},
     ASSAY_OK,
     "",
     0,
     0},
    {"v5, slack behind type 6, and trailing",
     {.version = 5, .slack_in_signature = 1, .trailing = 2},
     ASSAY_OK,
     "",
     0,
     2},
    {"v4, slack inside type 6",
     {.slack_in_outer = 1},
     ASSAY_MALFORMED,
     "outer certification data: 1 bytes left over",
     -1,
     0},
    {"v4 SGX, slack inside type 6",
     {.body_type = ASSAY_BODY_SGX, .slack_in_outer = 9},
     ASSAY_MALFORMED,
     "outer certification data: 9 bytes left over",
     -9,
     0},
    {"v5, slack inside type 6",
     {.version = 5, .slack_in_outer = 64, .slack_in_signature = 8},
     ASSAY_MALFORMED,
     "outer certification data: 64 bytes left over",
     -72,
     0},
    {"v4, outer size reaches into the slack",
     {.slack_in_signature = 4, .outer_size_error = 4},
     ASSAY_MALFORMED,
     "outer certification data: 4 bytes left over",
     -4,
     0},
    {"v4, signature length reaches into what trails",
     {.trailing = 4, .signature_size_error = 4},
     ASSAY_OK,
     "",
     0,
     0},
    {"v4, outer size reaches behind the section",
     {.trailing = 4, .outer_size_error = 4},
     ASSAY_TRUNCATED,
     "outer certification data: need",
     770,
     0},
    {"v3, cert size reaches behind the section",
     {.version = 3, .trailing = 4, .cert_size_error = 4},
     ASSAY_TRUNCATED,
     "certification data: need",
     1052,
     0},
    {"v4, cert size reaches behind type 6",
     {.slack_in_signature = 4, .cert_size_error = 4},
     ASSAY_TRUNCATED,
     "certification data: need",
     1258,
     0},
    {"v3, no auth data",
     {.version = 3, .auth_size = MINT_ZERO},
     ASSAY_OK,
     "",
     0,
     0},
    {"v4, no auth data", {.auth_size = MINT_ZERO}, ASSAY_OK, "", 0, 0},
    {"v5, auth data of 1000",
     {.version = 5, .auth_size = 1000},
     ASSAY_OK,
     "",
     0,
     0},
    {"v3, auth data of 60000",
     {.version = 3, .auth_size = 60000},
     ASSAY_OK,
     "",
     0,
     0},
    {"v3, auth data of 65535: above our limit",
     {.version = 3, .auth_size = 65535},
     ASSAY_TOO_LARGE,
     "quote: ",
     0,
     0},
    {"v3, no certification data",
     {.version = 3, .auth_size = MINT_ZERO, .cert_text = ""},
     ASSAY_OK,
     "",
     0,
     0},
};

static void
test_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct assay_buf b = new_quote(sizes[i].name, &sizes[i].o);
        struct assay_quote *q =
            parse(sizes[i].name, assay_buf_slice(&b), sizes[i].code,
                  sizes[i].msg, sizes[i].offset);
        const struct assay_quote_view *v =
            q != NULL ? assay_quote_view(q) : NULL;

        if (q != NULL) {
            int32_t auth = sizes[i].o.auth_size;

            CHECK(sizes[i].name, v->trailing_len == sizes[i].trailing);
            CHECK(sizes[i].name,
                  v->qe_auth_data.len == (auth == MINT_ZERO ? 0
                                          : auth == 0       ? 32
                                                            : (size_t)auth));
            CHECK(sizes[i].name, v->signed_bytes.len + 4 +
                                         v->signature_section_len +
                                         v->trailing_len ==
                                     v->raw.len);
        }
        assay_quote_free(q);
        assay_buf_free(&b);
    }
}

/* Types 1 to 3 have a size, with or without the PCEID at the end; 4 and 5 have
 * any. */
static void
test_certification_types(void **state)
{
    static const size_t full[] = {0, 36, 276, 404, 0, 0};
    static const int32_t versions[] = {3, 4, 5};
    size_t good = 0;

    (void)state;
    for (size_t i = 0; i < 5 * COUNT_OF(versions) * 6; i++) {
        static char text[512];
        int32_t type = 1 + (int32_t)(i % 5);
        int32_t version = versions[i / 5 % 3];
        size_t len = (type < 4 ? full[type] - 4 : 0) + i / 15;
        bool fits = type >= 4 || len == full[type] || len + 2 == full[type];
        const struct mint_quote_options o = {
            .version = version, .cert_type = type, .cert_text = text};
        char row[64];
        char msg[80];
        long at = version == 3 ? 1046 : version == 4 ? 1252 : 1322;

        memset(text, 'x', len);
        text[len] = '\0';
        (void)snprintf(row, sizeof(row), "v%d type %d with %zu bytes", version,
                       type, len);
        (void)snprintf(msg, sizeof(msg),
                       "certification data: %zu bytes, type %d has %zu", len,
                       type, full[type]);

        struct assay_buf b = new_quote(row, &o);
        struct assay_quote *q =
            parse(row, assay_buf_slice(&b), fits ? ASSAY_OK : ASSAY_MALFORMED,
                  msg, at);

        if (q != NULL) {
            const struct assay_quote_view *v = assay_quote_view(q);

            CHECK(row, (int32_t)v->cert_type == type);
            CHECK(row, assay_slice_is(v->cert_data, text));
            good++;
        }
        assay_quote_free(q);
        assay_buf_free(&b);
    }
    assert_int_equal(good, 3 * (3 * 2 + 2 * 6));
}

static void
test_smallest_and_largest(void **state)
{
    static const struct mint_quote_options small = {
        .version = 3, .auth_size = MINT_ZERO, .cert_text = ""};
    struct assay_buf b = new_quote("smallest", &small);
    uint8_t *room;

    (void)state;
    assert_int_equal(b.len, ASSAY_QUOTE_MIN_BYTES);
    expect("1020 bytes", &b, ASSAY_OK, "", 0);
    b.len--;
    expect("1019 bytes", &b, ASSAY_TRUNCATED, "signature section: need", 436);
    b.len++;
    room = assay_buf_extend(&b, ASSAY_QUOTE_MAX_BYTES - b.len);
    assert_non_null(room);
    memset(room, 0, ASSAY_QUOTE_MAX_BYTES - 1020);
    expect("64 KiB", &b, ASSAY_OK, "", 0);
    assay_buf_add_u8(&b, 0);
    expect("64 KiB + 1", &b, ASSAY_TOO_LARGE, "quote: 65537 bytes, limit 65536",
           0);
    assay_buf_free(&b);
    assay_buf_init(&b, 1);
    expect("nothing", &b, ASSAY_TRUNCATED, "header.version: need 2 bytes", 0);
}

/* Cut anywhere; cut anywhere in the signature section with its length set
 * right: there is no place where a quote may end early. */
static void
test_truncations(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
        const struct assay_buf *whole = good_quote((enum kind)kind);
        size_t length_at = kinds[kind].body + kinds[kind].body_size;

        for (size_t len = 0; len < whole->len; len++) {
            struct assay_slice cut =
                exact_copy((struct assay_slice){whole->ptr, len});
            struct assay_quote *q = NULL;
            struct assay_error err;

            CHECK(kinds[kind].name,
                  assay_quote_parse(cut, &q, &err) == ASSAY_TRUNCATED);
            CHECK(kinds[kind].name, err.offset <= len && q == NULL);
            if (len >= length_at + 4) {
                size_t section = len - length_at - 4;
                uint8_t *p = (uint8_t *)(uintptr_t)cut.ptr + length_at;

                p[0] = (uint8_t)section;
                p[1] = (uint8_t)(section >> 8);
                CHECK(kinds[kind].name,
                      assay_quote_parse(cut, &q, &err) == ASSAY_TRUNCATED);
                CHECK(kinds[kind].name, err.offset <= len && q == NULL);
            }
            free((void *)cut.ptr);
        }
    }
}

/* --- every field --------------------------------------------------------- */

struct field {
    const char *json; /* name of the member */
    size_t view;      /* offset of the slice in the report */
    size_t option;    /* offset of the hex text in mint's options */
    size_t at;        /* in the body */
    size_t len;
};

#define TD(json, view, option, at, len)                                        \
    {json, offsetof(struct assay_td_report, view),                             \
     offsetof(struct mint_td_report_options, option), at, len}
#define SGX(name, at, len)                                                     \
    {#name, offsetof(struct assay_sgx_report, name),                           \
     offsetof(struct mint_sgx_report_options, name), at, len}

static const struct field sgx_fields[] = {
    SGX(cpusvn, 0, 16),        SGX(isvextprodid, 32, 16),
    SGX(attributes, 48, 16),   SGX(mrenclave, 64, 32),
    SGX(mrsigner, 128, 32),    SGX(configid, 192, 64),
    SGX(isvfamilyid, 304, 16), SGX(report_data, 320, 64),
};

static const struct field td_fields[] = {
    TD("tee_tcb_svn", tee_tcb_svn, tee_tcb_svn, 0, 16),
    TD("mr_seam", mr_seam, mr_seam, 16, 48),
    TD("mr_signer_seam", mr_signer_seam, mr_signer_seam, 64, 48),
    TD("seam_attributes", seam_attributes, seam_attributes, 112, 8),
    TD("mrtd", mr_td, mr_td, 136, 48),
    TD("mr_config_id", mr_config_id, mr_config_id, 184, 48),
    TD("mr_owner", mr_owner, mr_owner, 232, 48),
    TD("mr_owner_config", mr_owner_config, mr_owner_config, 280, 48),
    TD("rtmr0", rtmr[0], rtmr[0], 328, 48),
    TD("rtmr1", rtmr[1], rtmr[1], 376, 48),
    TD("rtmr2", rtmr[2], rtmr[2], 424, 48),
    TD("rtmr3", rtmr[3], rtmr[3], 472, 48),
    TD("report_data", report_data, report_data, 520, 64),
    TD("tee_tcb_svn2", tee_tcb_svn2, tee_tcb_svn2, 584, 16),
    TD("mr_service_td", mr_service_td, mr_service_td, 600, 48),
    TD("vm_id", vm_id, vm_id, 648, 1),
    TD("td_id", td_id, td_id, 649, 32),
    TD("dev_info", dev_info, dev_info, 681, 48),
    TD("init_servtd_hash", init_servtd_hash, init_servtd_hash, 729, 48),
    TD("init_servtd_attr", init_servtd_attr, init_servtd_attr, 777, 8),
    TD("init_cpusvn", init_cpusvn, init_cpusvn, 785, 16),
    TD("init_tee_tcb_svn", init_tee_tcb_svn, init_tee_tcb_svn, 801, 16),
    TD("init_tee_fmspc", init_tee_fmspc, init_tee_fmspc, 817, 12),
    TD("cur_servtd_hash", cur_servtd_hash, cur_servtd_hash, 829, 48),
    TD("cur_servtd_attr", cur_servtd_attr, cur_servtd_attr, 877, 8),
};

#define HEX_MAX 129

/* Hex that is different in each field and each octet of it. */
static void
fill_options(void *options, const struct field *fields, size_t count,
             char hex[][HEX_MAX], unsigned salt)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[64];
        const char *text = hex[i];

        for (size_t k = 0; k < fields[i].len; k++) {
            bytes[k] = (uint8_t)(salt + 31 * i + 7 * k + 1);
        }
        assay_hex_to(hex[i], (struct assay_slice){bytes, fields[i].len});
        memcpy((char *)options + fields[i].option, &text, sizeof(text));
    }
}

static struct assay_slice
slice_at(const void *report, size_t offset)
{
    struct assay_slice s;

    memcpy(&s, (const char *)report + offset, sizeof(s));
    return s;
}

static uint32_t
json_at(const struct assay_json *j, uint32_t object, const char *name)
{
    uint32_t node = assay_json_member(j, object, name);

    if (node == ASSAY_JSON_NONE) {
        fail_msg("no member %s", name);
    }
    return node;
}

static void
check_number(const struct assay_json *j, uint32_t object, const char *name,
             uint64_t want)
{
    uint64_t got = 0;

    if (!assay_json_u64(j, json_at(j, object, name), &got) || got != want) {
        fail_msg("%s: %llu, want %llu", name, (unsigned long long)got,
                 (unsigned long long)want);
    }
}

static void
check_text(const struct assay_json *j, uint32_t object, const char *name,
           const char *want)
{
    struct assay_slice s = assay_json_string(j, json_at(j, object, name));

    if (!assay_slice_is(s, want)) {
        fail_msg("%s: %.*s, want %s", name, (int)s.len, (const char *)s.ptr,
                 want);
    }
}

/* A report against what mint was told, in the view and in JSON. */
static void
check_fields(const char *row, const struct field *fields, size_t count,
             char hex[][HEX_MAX], const void *report, struct assay_slice body,
             const struct assay_json *j, uint32_t object)
{
    for (size_t i = 0; i < count; i++) {
        struct assay_slice s = slice_at(report, fields[i].view);
        char got[HEX_MAX];

        if (fields[i].at >= body.len) {
            CHECK(row, s.len == 0 && s.ptr == NULL);
            CHECK(row, assay_json_member(j, object, fields[i].json) ==
                           ASSAY_JSON_NONE);
            continue;
        }
        CHECK(row, s.ptr == body.ptr + fields[i].at && s.len == fields[i].len);
        assay_hex_to(got, s);
        CHECK(row, strcmp(got, hex[i]) == 0);
        check_text(j, object, fields[i].json, hex[i]);
    }
}

static void
check_sgx_numbers(const char *row, const struct assay_sgx_report *r,
                  const struct mint_sgx_report_options *o,
                  const struct assay_json *j, uint32_t object)
{
    CHECK(row, r->miscselect == o->miscselect);
    CHECK(row, r->isvprodid == (uint16_t)o->isvprodid);
    CHECK(row, r->isvsvn == (uint16_t)o->isvsvn);
    CHECK(row, r->configsvn == o->configsvn);
    check_number(j, object, "miscselect", o->miscselect);
    check_number(j, object, "isvprodid", (uint64_t)o->isvprodid);
    check_number(j, object, "isvsvn", (uint64_t)o->isvsvn);
    check_number(j, object, "configsvn", o->configsvn);
    assert_int_equal(assay_json_count(j, object), 12);
}

static struct assay_json *
quote_json(const struct assay_quote *q, struct assay_buf *text)
{
    static const struct assay_json_limits limits = {1u << 20, 8, 1000};
    struct assay_json *j = NULL;
    struct assay_error err;

    assay_buf_init(text, 1u << 20);
    assert_int_equal(assay_quote_to_json(q, text, &err), ASSAY_OK);
    assay_error_clear(&err);
    if (assay_json_parse(assay_buf_slice(text), &limits, "quote", &j, &err) !=
        ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return j;
}

static void
check_header(enum kind kind, const struct assay_quote_view *v,
             const struct mint_quote_options *o, const struct assay_json *j)
{
    const char *row = kinds[kind].name;
    uint32_t header = json_at(j, 0, "header");
    bool v3 = kind == V3;

    CHECK(row, v->version == get_le(good_quote(kind), 0, 2));
    CHECK(row, v->att_key_type == 2 && v->tee_type == kinds[kind].tee);
    CHECK(row, v->header_word8 == 0x1234 && v->header_word10 == 0x5678);
    CHECK(row, v->body_type == kinds[kind].body_type);
    CHECK(row, v->qe_vendor_id.ptr == v->raw.ptr + 12);
    CHECK(row, v->qe_vendor_id.len == 16);
    CHECK(row, v->user_data.ptr == v->raw.ptr + 28 && v->user_data.len == 20);
    check_number(j, header, "version", v->version);
    check_number(j, header, "att_key_type", 2);
    check_number(j, header, "tee_type", kinds[kind].tee);
    check_number(j, header, v3 ? "qe_svn" : "reserved8", 0x1234);
    check_number(j, header, v3 ? "pce_svn" : "reserved10", 0x5678);
    check_text(j, header, "qe_vendor_id", "939a7233f79c4ca9940a0db3957f0607");
    check_text(j, header, "user_data", o->user_data);
    assert_int_equal(assay_json_count(j, header), 7);
    check_number(j, 0, "size", v->raw.len);
    check_number(j, 0, "body_type", (uint64_t)kinds[kind].body_type);
    assert_int_equal(assay_json_count(j, 0), 5);
}

static void
check_hex(const struct assay_json *j, uint32_t object, const char *name,
          struct assay_slice want)
{
    char hex[2 * 64 + 1];

    assert_true(want.len <= 64);
    assay_hex_to(hex, want);
    check_text(j, object, name, hex);
}

static void
check_signature(enum kind kind, const struct assay_quote_view *v,
                const struct assay_json *j)
{
    const char *row = kinds[kind].name;
    uint32_t sig = json_at(j, 0, "signature");
    const uint8_t *qe = v->raw.ptr + kinds[kind].qe;
    const uint8_t *section =
        v->raw.ptr + kinds[kind].body + kinds[kind].body_size + 4;
    struct assay_slice pem = v->cert_data;

    CHECK(row,
          v->signed_bytes.ptr == v->raw.ptr &&
              v->signed_bytes.len == kinds[kind].body + kinds[kind].body_size);
    CHECK(row, v->signature.ptr == section && v->signature.len == 64);
    CHECK(row, v->attestation_key.ptr == section + 64);
    CHECK(row, v->attestation_key.len == 64);
    CHECK(row, v->qe_report.raw.ptr == qe && v->qe_report.raw.len == 384);
    CHECK(row, v->qe_report_signature.ptr == qe + 384);
    CHECK(row, v->qe_report_signature.len == 64);
    CHECK(row, v->qe_auth_data.ptr == qe + 450 && v->qe_auth_data.len == 32);
    CHECK(row, v->cert_type == ASSAY_CERT_PCK_CHAIN);
    CHECK(row, pem.ptr == qe + 488);
    CHECK(row, pem.ptr + pem.len == section + v->signature_section_len);
    CHECK(row, v->trailing_len == 3 && section + v->signature_section_len + 3 ==
                                           v->raw.ptr + v->raw.len);
    check_number(j, sig, "section_size", v->signature_section_len);
    check_hex(j, sig, "signature", v->signature);
    check_hex(j, sig, "attestation_key", v->attestation_key);
    check_hex(j, sig, "qe_report_signature", v->qe_report_signature);
    check_hex(j, sig, "qe_auth_data", v->qe_auth_data);
    check_number(j, sig, "cert_data_type", 5);
    check_number(j, sig, "cert_data_size", pem.len);
    check_number(j, sig, "bytes_after", 3);
    CHECK(row, pem.ptr[pem.len - 1] == 0);
    pem.len--;
    CHECK(row, assay_slice_equal(
                   assay_json_string(j, json_at(j, sig, "cert_data")), pem));
    assert_int_equal(assay_json_count(j, sig), 10);
}

static void
check_td_numbers(const char *row, const struct assay_td_report *td,
                 const struct assay_json *j, uint32_t object, size_t body_size)
{
    CHECK(row, td->td_attributes == UINT64_C(0x0123456789abcdef));
    CHECK(row, td->xfam == UINT64_C(0xfedcba9876543210));
    check_text(j, object, "td_attributes", "efcdab8967452301");
    check_text(j, object, "xfam", "1032547698badcfe");
    assert_int_equal(assay_json_count(j, object), body_size == 584   ? 15
                                                  : body_size == 648 ? 17
                                                                     : 27);
}

static void
test_fields(void **state)
{
    static char sgx_hex[COUNT_OF(sgx_fields)][HEX_MAX];
    static char qe_hex[COUNT_OF(sgx_fields)][HEX_MAX];
    static char td_hex[COUNT_OF(td_fields)][HEX_MAX];

    (void)state;
    for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
        const char *row = kinds[kind].name;
        struct mint_quote_options o = kinds[kind].o;
        bool sgx = kinds[kind].body_type == ASSAY_BODY_SGX;

        o.word8 = 0x1234;
        o.word10 = 0x5678;
        o.user_data = "0102030405060708090a0b0c0d0e0f1011121314";
        o.trailing = 3;
        fill_options(&o.sgx, sgx_fields, COUNT_OF(sgx_fields), sgx_hex, 3);
        fill_options(&o.qe, sgx_fields, COUNT_OF(sgx_fields), qe_hex, 101);
        fill_options(&o.td, td_fields, COUNT_OF(td_fields), td_hex, 200);
        o.sgx.miscselect = 0xa1b2c3d4;
        o.sgx.isvprodid = 0x1122;
        o.sgx.isvsvn = 0x3344;
        o.sgx.configsvn = 0x5566;
        o.qe.miscselect = 0x01020304;
        o.qe.isvprodid = 0xfffe;
        o.qe.isvsvn = 0xabcd;
        o.qe.configsvn = 0xef01;
        o.td.td_attributes = UINT64_C(0x0123456789abcdef);
        o.td.xfam = UINT64_C(0xfedcba9876543210);

        struct assay_buf b = new_quote(row, &o);
        struct assay_quote *q =
            parse(row, assay_buf_slice(&b), ASSAY_OK, "", 0);
        const struct assay_quote_view *v = assay_quote_view(q);
        struct assay_buf text;
        struct assay_json *j = quote_json(q, &text);
        struct assay_slice body = {v->raw.ptr + kinds[kind].body,
                                   kinds[kind].body_size};
        uint32_t qe = json_at(j, json_at(j, 0, "signature"), "qe_report");

        assay_buf_free(&b); /* the quote has its own copy */
        check_header((enum kind)kind, v, &o, j);
        check_signature((enum kind)kind, v, j);
        check_fields(row, sgx_fields, COUNT_OF(sgx_fields), qe_hex,
                     &v->qe_report, v->qe_report.raw, j, qe);
        check_sgx_numbers(row, &v->qe_report, &o.qe, j, qe);
        if (sgx) {
            uint32_t report = json_at(j, 0, "enclave_report");

            CHECK(row, assay_slice_equal(v->sgx.raw, body));
            check_fields(row, sgx_fields, COUNT_OF(sgx_fields), sgx_hex,
                         &v->sgx, body, j, report);
            check_sgx_numbers(row, &v->sgx, &o.sgx, j, report);
            CHECK(row, v->report_data.ptr == body.ptr + 320);
            CHECK(row, v->td.raw.len == 0);
        } else {
            uint32_t report = json_at(j, 0, "td_report");

            CHECK(row, assay_slice_equal(v->td.raw, body));
            check_fields(row, td_fields, COUNT_OF(td_fields), td_hex, &v->td,
                         body, j, report);
            check_td_numbers(row, &v->td, j, report, body.len);
            CHECK(row, v->report_data.ptr == body.ptr + 520);
            CHECK(row, v->sgx.raw.len == 0);
        }
        CHECK(row, v->report_data.len == 64);
        assay_json_free(j);
        assay_buf_free(&text);
        assay_quote_free(q);
    }
}

static void
test_json_of_other_certification_data(void **state)
{
    static const struct mint_quote_options o = {.version = 3,
                                                .cert_type = 1,
                                                .cert_text =
                                                    "\x01xxxxxxxxxxxxxxx"
                                                    "yyyyyyyyyyyyyyyyzzzz"};
    struct assay_buf b = new_quote("type 1", &o);
    struct assay_quote *q =
        parse("type 1", assay_buf_slice(&b), ASSAY_OK, "", 0);
    struct assay_buf text;
    struct assay_json *j = quote_json(q, &text);
    uint32_t sig = json_at(j, 0, "signature");
    struct assay_error err;

    (void)state;
    check_number(j, sig, "cert_data_type", 1);
    check_hex(j, sig, "cert_data", assay_quote_view(q)->cert_data);
    assay_json_free(j);
    assay_buf_free(&text);

    assay_buf_init(&text, 1000);
    assert_int_equal(assay_quote_to_json(q, &text, &err), ASSAY_TOO_LARGE);
    assay_buf_free(&text);
    assay_quote_free(q);
    assay_quote_free(NULL);
    assay_buf_free(&b);
}

/* --- real quotes ---------------------------------------------------------- */

/* Our name of an expected field: names of the folder have fewer underscores,
 * and a few are called otherwise. */
static uint32_t
our_member(const struct assay_json *j, uint32_t object, struct assay_slice name)
{
    static const struct {
        const char *theirs;
        const char *ours;
    } others[] = {
        {"word8", "qe_svn"},
        {"word8", "reserved8"},
        {"word10", "pce_svn"},
        {"word10", "reserved10"},
        {"signature_section_size", "section_size"},
    };
    char want[64];
    size_t n = 0;

    for (size_t i = 0; i < COUNT_OF(others); i++) {
        uint32_t node = assay_json_member(j, object, others[i].ours);

        if (assay_slice_is(name, others[i].theirs) && node != ASSAY_JSON_NONE) {
            return node;
        }
    }
    for (size_t i = 0; i < name.len && n < sizeof(want) - 1; i++) {
        if (name.ptr[i] != '_') {
            want[n++] = (char)name.ptr[i];
        }
    }
    want[n] = '\0';
    for (uint32_t m = assay_json_first(j, object); m != ASSAY_JSON_NONE;
         m = assay_json_next(j, m)) {
        struct assay_slice ours = assay_json_string(j, m);
        size_t at = 0;
        bool same = true;

        for (size_t i = 0; i < ours.len && same; i++) {
            if (ours.ptr[i] != '_') {
                same = at < n && want[at] == (char)ours.ptr[i];
                at++;
            }
        }
        if (same && at == n) {
            return assay_json_value(j, m);
        }
    }
    return ASSAY_JSON_NONE;
}

/* Numbers and texts of `want` against the same members of ours. */
static size_t
compare_members(const struct vector *v, uint32_t want,
                const struct assay_json *j, uint32_t object)
{
    size_t count = 0;

    for (uint32_t m = assay_json_first(v->expected, want); m != ASSAY_JSON_NONE;
         m = assay_json_next(v->expected, m)) {
        struct assay_slice name = assay_json_string(v->expected, m);
        uint32_t value = assay_json_value(v->expected, m);
        enum assay_json_type type = assay_json_type(v->expected, value);
        uint32_t ours;

        if ((type != ASSAY_JSON_NUMBER && type != ASSAY_JSON_STRING) ||
            assay_slice_is(name, "body_size")) {
            continue;
        }
        ours = our_member(j, object, name);
        if (ours == ASSAY_JSON_NONE ||
            !assay_slice_equal(assay_json_span(j, ours),
                               assay_json_span(v->expected, value))) {
            fail_msg("%s: %.*s", v->folder, (int)name.len,
                     (const char *)name.ptr);
        }
        count++;
    }
    return count;
}

static size_t
compare_vector(const struct vector *v, uint32_t fields)
{
    struct assay_quote *q =
        parse(v->folder, assay_buf_slice(&v->quote), ASSAY_OK, "", 0);
    const struct assay_quote_view *view = assay_quote_view(q);
    struct assay_buf text;
    struct assay_json *j = quote_json(q, &text);
    uint32_t sig = json_at(j, 0, "signature");
    uint32_t td = assay_json_member(v->expected, fields, "td_report");
    uint32_t sgx = assay_json_member(v->expected, fields, "enclave_report");
    size_t count = 0;

    count += compare_members(v, json_at(v->expected, fields, "header"), j,
                             json_at(j, 0, "header"));
    count += compare_members(v, json_at(v->expected, fields, "qe_report"), j,
                             json_at(j, sig, "qe_report"));
    count += compare_members(v, fields, j, sig);
    CHECK(v->folder, (td == ASSAY_JSON_NONE) != (sgx == ASSAY_JSON_NONE));
    if (td != ASSAY_JSON_NONE) {
        count += compare_members(v, td, j, json_at(j, 0, "td_report"));
    } else {
        count += compare_members(v, sgx, j, json_at(j, 0, "enclave_report"));
    }
    check_number(v->expected, fields, "body_size",
                 view->td.raw.len + view->sgx.raw.len);
    check_number(v->expected, 0, "quote_version", view->version);
    check_number(v->expected, 0, "body_type", (uint64_t)view->body_type);
    check_number(v->expected, 0, "bytes_after_signature_section",
                 view->trailing_len);
    assay_json_free(j);
    assay_buf_free(&text);
    assay_quote_free(q);
    return count;
}

static void
test_vectors(void **state)
{
    size_t quotes = 0;
    size_t count = 0;

    (void)state;
    if (!vectors_there()) {
        print_message("SKIPPED shared vectors: no folder %s\n",
                      vectors_folder());
        return;
    }
    for (struct vector *v = vector_first(); v != NULL; v = vector_next(v)) {
        const char *kind = vector_text(v, "kind");
        uint32_t fields = assay_json_member(v->expected, 0, "fields");

        if (kind != NULL && strcmp(kind, "real") == 0) {
            CHECK(v->folder, fields != ASSAY_JSON_NONE);
            count += compare_vector(v, fields);
            quotes++;
        }
    }
    print_message("%zu fields of %zu real quotes\n", count, quotes);
    assert_true(quotes > 0 && count > 20 * quotes);
}

static void
free_good_quotes(void)
{
    for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
        struct assay_buf b = *good_quote((enum kind)kind);

        assay_buf_free(&b);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edits),
        cmocka_unit_test(test_vendor),
        cmocka_unit_test(test_descriptor),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_certification_types),
        cmocka_unit_test(test_smallest_and_largest),
        cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_json_of_other_certification_data),
        cmocka_unit_test(test_vectors),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);

    free_good_quotes();
    return rc;
}
