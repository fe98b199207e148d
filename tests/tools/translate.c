/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate.c - one exchange through a translation, for tests with real
 * clients. usage: translate REQUEST
 *
 *   out  chat LENGTH LF, and so many octets for the server; or
 *        refused CODE MESSAGE LF, and status 1
 *   in   STATUS SP CONTENT-TYPE LF, and the server's body, which is complete
 *        where it ends; with a "+" behind STATUS it was cut
 *   out  CONTENT-TYPE LF, and the client's body, as it comes
 *
 * Status 2: the answer failed; why is on standard error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "programs/proxy/translate.h"

#define ID "0123456789abcdef01234567"

static void
load(const char *path, struct assay_buf *to)
{
    FILE *f = fopen(path, "rb");
    uint8_t piece[4096];
    size_t n;

    if (f == NULL) {
        perror(path);
        exit(64);
    }
    while ((n = fread(piece, 1, sizeof(piece), f)) > 0) {
        assay_buf_add(to, (struct assay_slice){piece, n});
    }
    fclose(f);
}

static void
print(struct assay_buf *b)
{
    if (b->len > 0) {
        (void)fwrite(b->ptr, 1, b->len, stdout);
    }
    fflush(stdout);
    b->len = 0;
}

/* The line that stands before the server's body; false: there is none. */
static bool
read_line(char *line, size_t room)
{
    size_t n = 0;

    while (n + 1 < room && read(STDIN_FILENO, line + n, 1) == 1) {
        if (line[n] == '\n') {
            line[n] = '\0';
            return true;
        }
        n++;
    }
    return false;
}

static int
answer(struct translation *t)
{
    uint8_t piece[4096];
    char line[256];
    char *type;
    unsigned long status;
    struct assay_buf to;
    struct assay_error err;
    bool cut;
    ssize_t n;

    if (!read_line(line, sizeof(line))) {
        return 64;
    }
    status = strtoul(line, &type, 10);
    cut = *type == '+';
    type += strspn(type, "+ ");
    printf("%s\n",
           translation_begin(t, (unsigned)status, assay_slice_of(type)));
    fflush(stdout);
    assay_buf_init(&to, SIZE_MAX);
    assay_error_clear(&err);
    while (err.code == ASSAY_OK &&
           (n = read(STDIN_FILENO, piece, sizeof(piece))) > 0) {
        (void)!translation_feed(t, (struct assay_slice){piece, (size_t)n}, &to,
                                &err);
        print(&to);
    }
    if (err.code == ASSAY_OK) {
        (void)!translation_end(t, cut, &to, &err);
        print(&to);
    }
    assay_buf_free(&to);
    if (err.code != ASSAY_OK) {
        (void)fprintf(stderr, "%s: %s\n", assay_code_name(err.code), err.msg);
    }
    return err.code == ASSAY_OK ? 0 : 2;
}

int
main(int argc, char **argv)
{
    struct translation *t = NULL;
    struct assay_buf request;
    struct assay_buf chat;
    struct assay_error err;
    int status = 1;

    if (argc != 2) {
        (void)fputs("usage: translate REQUEST\n", stderr);
        return 64;
    }
    assay_buf_init(&request, SIZE_MAX);
    assay_buf_init(&chat, SIZE_MAX);
    load(argv[1], &request);
    if (translation_new(assay_buf_slice(&request), ID, 1700000000, &chat, &t,
                        &err) == ASSAY_OK) {
        printf("chat %zu\n", chat.len);
        print(&chat);
        status = answer(t);
    } else {
        printf("refused %s %s\n", assay_code_name(err.code), err.msg);
    }
    translation_free(t);
    assay_buf_free(&request);
    assay_buf_free(&chat);
    return status;
}
