/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http1/header_field.h"

#include <string.h>

#include "base/bytes.h"

struct assay_slice
assay_header_field(struct assay_slice lines, const char *name)
{
    const char *line = lines.len > 0 ? (const char *)lines.ptr : "";
    const char *end = line + lines.len;
    size_t n = strlen(name);

    while (line < end) {
        const char *lf = memchr(line, '\n', (size_t)(end - line));
        const char *stop = lf == NULL ? end : lf;
        const struct assay_slice start = {(const uint8_t *)line, n};
        if ((size_t)(stop - line) > n && line[n] == ':' &&
            assay_slice_is_nocase(start, name)) {
            line += n + 1;
            while (line < stop && (*line == ' ' || *line == '\t')) {
                line++;
            }
            while (stop > line && (stop[-1] == '\r' || stop[-1] == ' ')) {
                stop--;
            }
            return (struct assay_slice){(const uint8_t *)line,
                                        (size_t)(stop - line)};
        }
        line = lf == NULL ? end : lf + 1;
    }
    return ASSAY_EMPTY;
}
