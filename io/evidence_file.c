/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence_file.c - bundles of evidence on disk.
 */
#include "io/evidence_file.h"

#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "io/file.h"

#define PATH_MAX_BYTES 4096u
#define NAME_SHOWN     200u /* characters: names of files may have 255 */
#define NONCE_SHOWN    8u   /* octets: enough that no two sessions meet */

/* Without what file systems mind: the colons of IPv6 addresses and times. */
static void
add_plain(struct assay_buf *to, const char *text)
{
    for (size_t i = 0; text[i] != '\0' && i < NAME_SHOWN; i++) {
        assay_buf_add_u8(to, (uint8_t)(text[i] == ':' ? '_' : text[i]));
    }
}

void
assay_evidence_name(const struct assay_evidence_view *v, struct assay_buf *to)
{
    char when[ASSAY_TIME_TEXT];

    assay_time_format(v->time_s, when);
    add_plain(to, v->server_name);
    assay_buf_add_u8(to, '-');
    add_plain(to, when);
    assay_buf_add_u8(to, '-');
    assay_hex_encode(to, (struct assay_slice){v->nonce, NONCE_SHOWN});
    assay_buf_add_text(to, ".json");
}

/* d: a digit; x: a hex digit as we write it; anything else is itself. */
static bool
is_like(const char *form, const char *text)
{
    for (; *form != '\0'; form++, text++) {
        bool digit = assay_is_digit((uint8_t)*text);
        bool good = *form == 'd'   ? digit
                    : *form == 'x' ? digit || (*text >= 'a' && *text <= 'f')
                                   : *text == *form;

        if (!good) {
            return false;
        }
    }
    return *text == '\0';
}

bool
assay_evidence_is_name(const char *name)
{
    static const char form[] = "-dddd-dd-ddTdd_dd_ddZ-xxxxxxxxxxxxxxxx.json";
    size_t len = strlen(name);

    return len >= sizeof(form) && is_like(form, name + len + 1 - sizeof(form));
}

enum assay_code
assay_evidence_save(const struct assay_evidence_view *v, const char *where,
                    struct assay_buf *path, struct assay_error *err)
{
    struct assay_buf text;
    struct stat st;

    assay_buf_init(path, PATH_MAX_BYTES);
    assay_buf_init(&text, ASSAY_EVIDENCE_MAX_BYTES);
    if (assay_evidence_write(v, &text, err) == ASSAY_OK) {
        assay_buf_add_text(path, where);
        if (stat(where, &st) == 0 && S_ISDIR(st.st_mode)) {
            assay_buf_add_u8(path, '/');
            assay_evidence_name(v, path);
        }
        assay_buf_add_u8(path, 0);
    }
    if (err->code == ASSAY_OK &&
        assay_buf_check(path, "path of the evidence", err) == ASSAY_OK) {
        (void)!assay_file_write((const char *)path->ptr, assay_buf_slice(&text),
                                0600, err);
    }
    assay_buf_free(&text);
    return err->code;
}
