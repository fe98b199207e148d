/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * error.h - what went wrong, for a program (code) and for a person (msg).
 *
 * An error means that an input could not be read. Evidence that was read and
 * is not trusted is no error: it is a verdict (assay/verdict.h).
 */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_API          __attribute__((visibility("default")))
#define ASSAY_MUST_CHECK   __attribute__((warn_unused_result))
#define ASSAY_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* One row per code: enumerator, its name in JSON, its sentence, and the next
 * step offered to people when a failure names none of its own. */
#define ASSAY_CODES(X)                                                         \
    X(ASSAY_OK, "ok", "success", "")                                           \
    X(ASSAY_TRUNCATED, "truncated", "input ends too early",                    \
      "check that the whole file was copied")                                  \
    X(ASSAY_MALFORMED, "malformed", "input breaks its format",                 \
      "check that this is the right kind of file and that it is undamaged")    \
    X(ASSAY_UNSUPPORTED, "unsupported",                                        \
      "well-formed, but of a kind that is not handled",                        \
      "see docs/formats.md for what is handled")                               \
    X(ASSAY_TOO_LARGE, "too_large", "input exceeds a fixed limit",             \
      "check that this is the right kind of file")                             \
    X(ASSAY_MISSING, "missing", "a needed input was not given",                \
      "give what the message names")                                           \
    X(ASSAY_INVALID, "invalid", "an argument or setting is not valid",         \
      "correct the value that the message names")                              \
    X(ASSAY_NO_MEMORY, "no_memory", "memory allocation failed",                \
      "free memory or raise the limit of this process")                        \
    X(ASSAY_CRYPTO, "crypto", "the cryptographic library failed",              \
      "check the installation of OpenSSL 3")                                   \
    X(ASSAY_IO, "io", "a file could not be read or written",                   \
      "check the path and its permissions")                                    \
    X(ASSAY_NETWORK, "network", "a peer could not be reached or understood",   \
      "check the address, the network and the proxy settings")                 \
    X(ASSAY_TIMEOUT, "timeout", "a peer did not answer in time",               \
      "try again, or raise the timeout")                                       \
    X(ASSAY_NOT_FOUND, "not_found", "a peer does not have what was asked for", \
      "ask another source")                                                    \
    X(ASSAY_TLS, "tls", "the peer is not acceptable as a TLS server",          \
      "check the name, or give the peer's CA with --ca")                       \
    X(ASSAY_REPLY, "reply", "the peer's answer breaks its protocol",           \
      "check that the address is that of an attested server")                  \
    X(ASSAY_NOT_TRUSTED, "not_trusted", "the peer's evidence is not trusted",  \
      "read the failed checks of the verdict")                                 \
    X(ASSAY_STALE, "stale", "the evidence is older than the policy allows",    \
      "ask for fresh evidence")                                                \
    X(ASSAY_REFUSED, "refused", "the peer does not accept our own evidence",   \
      "ask the operator of the server what its policy for clients requires")   \
    X(ASSAY_UNAVAILABLE, "unavailable", "the peer cannot answer for now",      \
      "try again later; if it lasts, ask the operator of the server")

#define X(code, name, text, hint) code,
enum assay_code { ASSAY_CODES(X) };
#undef X

#define ASSAY_NO_OFFSET ((size_t)-1)

struct assay_error {
    enum assay_code code; /* ASSAY_OK until the first failure */
    size_t offset;        /* byte of the input where it was noticed, or
                             ASSAY_NO_OFFSET where no place applies */
    char msg[240];        /* one line, NUL-terminated, safe to log */
};

/* "truncated", "malformed", ... for JSON; static storage. */
ASSAY_API const char *assay_code_name(enum assay_code code);
/* One sentence on what the code means; static storage. */
ASSAY_API const char *assay_code_text(enum assay_code code);
/* What to try next; "" for ASSAY_OK; static storage. */
ASSAY_API const char *assay_code_hint(enum assay_code code);

#ifdef __cplusplus
}
#endif
