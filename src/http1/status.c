/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * status.c - what the numbers are called, and which answers what cannot be
 * read.
 */
#include "http1/http1.h"

static const struct {
    unsigned status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *
assay_http1_reason(unsigned status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "Status";
}

/* Where the request line ends, behind the empty line that may precede it. */
static size_t
first_line(struct assay_slice in)
{
    size_t start =
        in.len >= 2 && in.ptr[0] == '\r' && in.ptr[1] == '\n' ? 2 : 0;
    size_t len = in.len < ASSAY_HTTP1_HEAD_MAX_BYTES
                     ? in.len
                     : ASSAY_HTTP1_HEAD_MAX_BYTES;
    const uint8_t *lf =
        len > start ? memchr(in.ptr + start, '\n', len - start) : NULL;

    return lf != NULL ? (size_t)(lf - in.ptr) : ASSAY_NO_OFFSET;
}

unsigned
assay_http1_refusal(struct assay_slice in, const struct assay_error *err)
{
    bool in_first_line = err->offset < first_line(in);

    switch (err->code) {
    case ASSAY_TOO_LARGE:
        return in_first_line ? 414 : 431;
    case ASSAY_UNSUPPORTED:
        return in_first_line ? 505 : 501;
    default:
        return 400;
    }
}
