/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * memory.c - see memory.h.
 */
#include "bench/memory.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "bench/measure.h"
#include "io/file.h"

#define QUOTES_MAX (64u * 1024u * 1024u)

void
bench_memory_file(const char *path, struct assay_slice content)
{
    struct assay_error err;

    assay_error_clear(&err);
    bench_must(assay_file_write(path, content, 0666, &err), path, &err);
}

static void
write_member(const char *folder, const char *name, struct assay_slice content)
{
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    bench_memory_file(path, content);
}

static void
read_member(const char *folder, const char *name, struct assay_buf *out)
{
    struct assay_error err;
    char path[4096];

    assay_error_clear(&err);
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    bench_must(assay_file_read(path, QUOTES_MAX, out, &err), path, &err);
}

/* quotes.bin: each with its length, four bytes, before it. */
void
bench_memory_write(const struct bench_subject *s,
                   const struct bench_quotes *platforms, const char *folder)
{
    struct assay_buf all;

    write_member(folder, "quote.bin", assay_buf_slice(&s->quote));
    write_member(folder, "collateral.json", assay_buf_slice(&s->bundle));
    write_member(folder, "root.der", assay_buf_slice(&s->root));
    assay_buf_init(&all, QUOTES_MAX);
    for (size_t i = 0; i < platforms->count; i++) {
        assay_buf_add_le32(&all, (uint32_t)platforms->quote[i].len);
        assay_buf_add(&all, assay_buf_slice(&platforms->quote[i]));
    }
    write_member(folder, "quotes.bin", assay_buf_slice(&all));
    assay_buf_free(&all);
}

static double
in_use(void)
{
    struct mallinfo2 m = mallinfo2();

    return (double)(m.uordblks + m.hblkhd);
}

static double
peak(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    double kib = 0;

    if (f == NULL) {
        bench_die("/proc/self/status cannot be read");
    }
    while (fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kib = strtod(line + 6, NULL);
        }
    }
    (void)fclose(f);
    return kib * 1024;
}

static size_t
verify_all(const struct bench_subject *s, struct assay_verifier *v,
           const char *folder)
{
    uint8_t quote[ASSAY_QUOTE_MAX_BYTES];
    uint8_t head[4];
    char path[4096];
    size_t count = 0;
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/quotes.bin", folder);
    f = fopen(path, "rb");
    if (f == NULL) {
        bench_die("%s cannot be read", path);
    }
    while (fread(head, 1, sizeof(head), f) == sizeof(head)) {
        size_t len = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;

        if (len > sizeof(quote) || fread(quote, 1, len, f) != len) {
            bench_die("%s is damaged", path);
        }
        bench_verify_once(s, v, s->collateral,
                          (struct assay_slice){quote, len});
        count++;
    }
    (void)fclose(f);
    return count;
}

void
bench_memory_run(const char *folder)
{
    struct bench_subject s = {.now_s = MINT_NOW_S};
    struct assay_verifier *v;
    struct assay_error err;
    double before;
    size_t count;

    bench_must(assay_ctx_new(&s.ctx, &err), "OpenSSL", &err);
    read_member(folder, "collateral.json", &s.bundle);
    read_member(folder, "root.der", &s.root);
    read_member(folder, "quote.bin", &s.quote);
    bench_must(
        assay_root_parse(s.ctx, assay_buf_slice(&s.root), &s.own_root, &err),
        "root", &err);
    s.anchor = s.own_root;
    bench_must(assay_collateral_parse(s.ctx, assay_buf_slice(&s.bundle),
                                      &s.collateral, &err),
               "collateral", &err);
    bench_must(assay_policy_default(ASSAY_TEE_TDX, &s.policy, &err), "policy",
               &err);
    v = bench_verifier_new(&s, ASSAY_DEFAULT_PLATFORMS);
    before = in_use();
    count = verify_all(&s, v, folder);
    if (count == 0) {
        bench_die("%s/quotes.bin is empty", folder);
    }
    (void)printf("%.0f %.1f\n", peak(), (in_use() - before) / (double)count);
    assay_verifier_free(v);
    assay_policy_free(s.policy);
    assay_collateral_free(s.collateral);
    assay_root_free(s.own_root);
    assay_buf_free(&s.quote);
    assay_buf_free(&s.root);
    assay_buf_free(&s.bundle);
    assay_ctx_free(s.ctx);
}
