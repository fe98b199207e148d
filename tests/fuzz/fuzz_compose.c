/* Target functions: assay_compose_merge, _hash, _compare
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Input: an app-compose, perhaps followed by a zero octet and an offered one.
 * What is written anew reads back and stays as it is; what matches by its
 * members matches itself.
 */
#include "harness/fuzz.h"

#include "eventlog/compose.h"

#define OUT_MAX (8u * 1024u * 1024u)

static void
check_match(const struct assay_compose_match *m)
{
    const char *end = memchr(m->fault, '\0', sizeof(m->fault));

    PROMISE(end != NULL);
    PROMISE(m->matched == (m->fault[0] == '\0'));
    PROMISE(m->matched == (m->form != NULL));
    for (const char *p = m->fault; p < end; p++) {
        PROMISE(*p >= ' ' && *p <= '~');
    }
}

static void
hash(struct assay_slice text, enum assay_compose_form form, uint8_t out[32])
{
    struct assay_error err;

    PROMISE(assay_compose_hash(fuzz_ctx(), text, form, out, &err) == ASSAY_OK);
}

/* Each form matches itself. */
static void
check_hashes(struct assay_slice text)
{
    uint8_t raw[32];
    uint8_t form[32];
    struct assay_compose_match m;
    struct assay_error err;
    enum assay_code code =
        assay_compose_hash(fuzz_ctx(), text, ASSAY_COMPOSE_SORTED, form, &err);

    fuzz_check_error(&err, code, text.len);
    hash(text, ASSAY_COMPOSE_RAW, raw);
    if (code != ASSAY_OK) {
        return;
    }
    assay_error_clear(&err);
    PROMISE(assay_compose_compare(fuzz_ctx(), text, ASSAY_EMPTY, form, &m,
                                  &err) == ASSAY_OK);
    check_match(&m);
    PROMISE(m.matched);
    hash(text, ASSAY_COMPOSE_INSERTION, form);
    PROMISE(assay_compose_compare(fuzz_ctx(), text, ASSAY_EMPTY, form, &m,
                                  &err) == ASSAY_OK);
    PROMISE(m.matched);
    form[0] ^= 1;
    PROMISE(assay_compose_compare(fuzz_ctx(), text, ASSAY_EMPTY, form, &m,
                                  &err) == ASSAY_OK);
    check_match(&m);
}

static void
check_merge(struct assay_slice text)
{
    struct assay_buf once;
    struct assay_buf twice;
    struct assay_error err;
    enum assay_code code;
    uint8_t raw[32];
    uint8_t form[32];

    assay_buf_init(&once, OUT_MAX);
    assay_buf_init(&twice, OUT_MAX);
    code = assay_compose_merge(text, &once, &err);
    fuzz_check_error(&err, code, text.len);
    PROMISE((code == ASSAY_OK) == (once.len > 0));
    if (code == ASSAY_OK && once.len <= ASSAY_COMPOSE_MAX_BYTES) {
        PROMISE(assay_compose_merge(assay_buf_slice(&once), &twice, &err) ==
                ASSAY_OK);
        PROMISE(assay_buf_slice(&once).len == assay_buf_slice(&twice).len);
        PROMISE(memcmp(once.ptr, twice.ptr, once.len) == 0);
        hash(assay_buf_slice(&once), ASSAY_COMPOSE_RAW, raw);
        code = assay_compose_hash(fuzz_ctx(), assay_buf_slice(&once),
                                  ASSAY_COMPOSE_INSERTION, form, &err);
        PROMISE(code == ASSAY_OK || code == ASSAY_UNSUPPORTED);
        PROMISE(code != ASSAY_OK || memcmp(raw, form, sizeof(raw)) == 0);
    }
    assay_buf_free(&once);
    assay_buf_free(&twice);
}

/* An offered text is the expected one under every spelling, or is not. */
static void
check_offered(struct assay_slice expected, struct assay_slice offered)
{
    static const uint8_t other[32];
    struct assay_compose_match m;
    struct assay_error err;
    enum assay_code code;
    uint8_t measured[32];

    if (offered.len == 0 || offered.len > ASSAY_COMPOSE_MAX_BYTES) {
        return;
    }
    hash(offered, ASSAY_COMPOSE_RAW, measured);
    assay_error_clear(&err);
    code = assay_compose_compare(fuzz_ctx(), expected, offered, measured, &m,
                                 &err);
    fuzz_check_error(&err, code, expected.len);
    if (code == ASSAY_OK) {
        check_match(&m);
        PROMISE(assay_compose_compare(fuzz_ctx(), expected, offered, other, &m,
                                      &err) == ASSAY_OK);
        PROMISE(!m.matched);
    } else {
        fuzz_check_zero(&m, sizeof(m));
    }
}

/* Everything named as it is: nothing differs but defaults that it lacks. */
static void
check_itself(struct assay_slice text)
{
    struct assay_buf whole;
    struct assay_compose_match m;
    struct assay_error err;
    uint8_t measured[32];
    uint8_t form[32];

    assay_buf_init(&whole, OUT_MAX);
    if (assay_compose_merge(text, &whole, &err) == ASSAY_OK &&
        assay_compose_hash(fuzz_ctx(), assay_buf_slice(&whole),
                           ASSAY_COMPOSE_INSERTION, form, &err) == ASSAY_OK) {
        hash(assay_buf_slice(&whole), ASSAY_COMPOSE_RAW, measured);
        assay_error_clear(&err);
        PROMISE(assay_compose_compare(fuzz_ctx(), assay_buf_slice(&whole),
                                      assay_buf_slice(&whole), measured, &m,
                                      &err) == ASSAY_OK);
        PROMISE(m.matched);
    }
    assay_buf_free(&whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size > 0 ? memchr(data, '\0', size) : NULL;
    struct assay_slice text = {data,
                               zero != NULL ? (size_t)(zero - data) : size};

    if (size > ASSAY_COMPOSE_MAX_BYTES) {
        return 0;
    }
    check_hashes(text);
    check_merge(text);
    check_itself(text);
    if (zero != NULL) {
        check_offered(text,
                      (struct assay_slice){zero + 1, size - text.len - 1});
    }
    return 0;
}
