/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * session.h - attested TLS: both ends of a TLS 1.3 connection whose server
 * proves itself before anything else is said.
 *
 * No I/O in here: bytes from the network go in (feed), bytes for it come out
 * (output, sent), the state says what is needed next. TLS's own randomness is
 * OpenSSL's; time and nonces are the caller's. A session belongs to one thread
 * at a time. The wires: docs/formats.md, "Attested TLS".
 */
#pragma once

#include "assay/verify.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_NONCE_BYTES           64u /* random octets given for one request */
#define ASSAY_CLIENT_NONCE_BYTES    32u /* given by a server, for one reply */
#define ASSAY_EXPORTER_BYTES        32u
#define ASSAY_SERVER_NAME_MAX_BYTES 253u
#define ASSAY_REPLY_HEAD_MAX_BYTES  (64u * 1024u)
#define ASSAY_REPLY_BODY_MAX_BYTES  (16u * 1024u * 1024u)
#define ASSAY_SESSION_PLAIN_MAX_BYTES                                          \
    (128u * 1024u) /* plaintext not yet read */

/* Both clocks of the moment. */
struct assay_now {
    int64_t wall_s;  /* Unix seconds: what dates are compared with */
    int64_t mono_ms; /* milliseconds of a clock that only goes forward */
};

/* --- client ------------------------------------------------------------- */

/* Whom a client of TLS believes: immutable, shared by sessions and threads. */
struct assay_tls_roots;

/* From CA certificates in PEM (RFC 7468): text between blocks is skipped, and
 * so are certificates that cannot be read; *count says how many are there.
 * Certificates are only parsed when a chain asks for them. An empty text makes
 * a client that believes nobody: for policies that accept self-signed
 * certificates. ASSAY_INVALID (text without any), ASSAY_TOO_LARGE,
 * ASSAY_NO_MEMORY, ASSAY_CRYPTO. */
#define ASSAY_TLS_ROOTS_MAX_BYTES (8u * 1024u * 1024u)
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_tls_roots_parse(const struct assay_ctx *ctx, struct assay_slice pem,
                      struct assay_tls_roots **out, size_t *count,
                      struct assay_error *err);
ASSAY_API void assay_tls_roots_free(struct assay_tls_roots *r); /* or NULL */

enum assay_client_state {
    ASSAY_CLIENT_HANDSHAKE,       /* TLS is being set up */
    ASSAY_CLIENT_QUOTE,           /* evidence was asked for, reply awaited */
    ASSAY_CLIENT_NEED_COLLATERAL, /* assay_client_give_collateral() is due */
    ASSAY_CLIENT_APPRAISE,        /* assay_client_appraise() is due */
    ASSAY_CLIENT_NEED_EVIDENCE,   /* the server is trusted and asks for ours:
                                     assay_client_give_evidence() is due */
    ASSAY_CLIENT_EVIDENCE,        /* ours was sent, the answer is awaited */
    ASSAY_CLIENT_OPEN,            /* the verdict is trusted: data may flow */
    ASSAY_CLIENT_RAW,    /* protocols were switched: octets both ways */
    ASSAY_CLIENT_CLOSED, /* the server closed an open session */
    ASSAY_CLIENT_FAILED, /* for good; see assay_client_error() */
};
ASSAY_API const char *assay_client_state_name(enum assay_client_state s);

struct assay_client_options {
    const struct assay_ctx *ctx;
    struct assay_verifier *verifier;
    const struct assay_root *root;
    const struct assay_policy *policy;
    const struct assay_tls_roots *roots;
    const char *server_name; /* DNS name or IP address, without port: for SNI,
                                the certificate and Host */
    enum assay_wire wire;    /* must be one of the policy's */
    bool keep_evidence;      /* for assay_client_offered() while it is open */
};

struct assay_client; /* opaque */

/* All that the options point to must outlive the session; server_name is
 * copied. The first output is there at once.
 * ASSAY_INVALID (a name that is none, a wire that the policy does not allow, a
 * missing input, a clock before assay_verifier_newest_date()), ASSAY_CRYPTO,
 * ASSAY_NO_MEMORY. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_client_new(const struct assay_client_options *options,
                 struct assay_now now, const uint8_t nonce[ASSAY_NONCE_BYTES],
                 struct assay_client **out, struct assay_error *err);
ASSAY_API void assay_client_free(struct assay_client *c); /* NULL is fine */

ASSAY_API enum assay_client_state
assay_client_state(const struct assay_client *c);
/* Why it failed; code ASSAY_OK unless FAILED. */
ASSAY_API const struct assay_error *
assay_client_error(const struct assay_client *c);
/* In FAILED: the server was reached and did not prove itself. False: it could
 * not be tried or finished (connection cut, no collateral, no memory, a server
 * that says that it cannot answer for now). */
ASSAY_API bool assay_client_peer_failed(const struct assay_client *c);
/* In FAILED with ASSAY_UNAVAILABLE, which is what the answers 429, 502, 503 and
 * 504 in place of evidence come to: seconds after which the server asks to be
 * tried again (Retry-After, RFC 9110, section 10.2.3), at most
 * ASSAY_RETRY_AFTER_MAX_S whatever it says; 0 if it does not say. A new session
 * is needed, which proves as much as any: this one stays FAILED. */
#define ASSAY_RETRY_AFTER_MAX_S 3600u
ASSAY_API unsigned assay_client_retry_after_s(const struct assay_client *c);

/* Bytes from the server. *used may be less than in.len: while plaintext is
 * waiting to be read, or evidence to be appraised. Failing is a state, and
 * the same error is returned. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_client_feed(struct assay_client *c, struct assay_slice in, size_t *used,
                  struct assay_error *err);
/* The server has closed its side of the connection. An open session becomes
 * CLOSED (assay_client_truncated() tells whether TLS said goodbye), any other
 * fails. */
ASSAY_API void assay_client_eof(struct assay_client *c);
ASSAY_API bool assay_client_truncated(const struct assay_client *c);
/* The caller's own trouble (timeout, no collateral source): fails for good. The
 * server is told goodbye, but not in RAW, where that would end the stream. */
ASSAY_API void assay_client_abort(struct assay_client *c,
                                  const struct assay_error *why);

/* Bytes for the server, to be sent even after a failure (alerts); valid until
 * the next call on the session. `sent` takes n of them away. */
ASSAY_API struct assay_slice assay_client_output(const struct assay_client *c);
ASSAY_API void assay_client_sent(struct assay_client *c, size_t n);

/* In NEED_COLLATERAL. The quote, to know which. */
ASSAY_API const struct assay_quote *
assay_client_quote(const struct assay_client *c);
/* What must be asked for to serve that quote; valid from here on. */
ASSAY_API const struct assay_collateral_need *
assay_client_need(const struct assay_client *c);
/* In NEED_COLLATERAL and APPRAISE: the collateral that the server has sent with
 * its quote because the policy asked for it (`staple`): the JSON of a bundle,
 * as it came, for the caller to judge and perhaps to give. Empty if it was not
 * asked for, or none came. At most ASSAY_REPLY_BODY_MAX_BYTES. */
ASSAY_API struct assay_slice assay_client_stapled(const struct assay_client *c);
/* The session only borrows it: it must live until the next evidence or free.
 * NEED_COLLATERAL becomes APPRAISE. May be given again (other collateral)
 * before assay_client_appraise(). */
ASSAY_API void
assay_client_give_collateral(struct assay_client *c,
                             const struct assay_collateral *collateral);
/* The highest evaluations that were ever verified, as `seen` of struct
 * assay_verify_input has them; nothing is known until this was called. */
ASSAY_API void assay_client_expect_evaluations(struct assay_client *c,
                                               struct assay_evaluations seen);
/* In APPRAISE: verifies; then OPEN, NEED_EVIDENCE where the server asks for
 * this side's evidence too, or FAILED. Takes 0.1 to 1 ms. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_client_appraise(struct assay_client *c, struct assay_now now,
                      struct assay_error *err);

/* Mutual attestation, in NEED_EVIDENCE: what the quote of this side must
 * report, SHA-512("assay-client-v1" || 0x00 || the server's nonce || exporter
 * value). A caller without a source of quotes ends the session with
 * assay_client_abort(). */
ASSAY_API void assay_client_report_data(const struct assay_client *c,
                                        uint8_t out[64]);
/* In NEED_EVIDENCE: sends the evidence; NEED_EVIDENCE becomes EVIDENCE, and
 * that OPEN once the server has accepted it (else FAILED with ASSAY_REFUSED, or
 * ASSAY_UNAVAILABLE if it cannot be judged for now).
 * Of the reply only quote, event_log, vm_config and tcb_info are used.
 * ASSAY_INVALID, ASSAY_TOO_LARGE, ASSAY_NO_MEMORY: what was not taken may be
 * given again. */
struct assay_quote_reply;
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_client_give_evidence(struct assay_client *c,
                           const struct assay_quote_reply *evidence,
                           struct assay_error *err);

/* The last verdict, trusted or not; NULL before the first. Lives until the
 * next one or until the session is freed. */
ASSAY_API const struct assay_verdict *
assay_client_verdict(const struct assay_client *c);

/* What was established, for logs and verdict files. */
struct assay_session_facts {
    char tls_version[16]; /* "TLSv1.3"; "" before the handshake */
    char tls_cipher[64];  /* "TLS_AES_128_GCM_SHA256" */
    enum assay_wire wire;
    uint8_t nonce[ASSAY_NONCE_BYTES];
    size_t nonce_len; /* octets of it that the wire uses */
    uint8_t exporter[ASSAY_EXPORTER_BYTES]; /* no secret: binds, protects
                                               nothing (RFC 9266) */
    uint8_t report_data[64];                /* expected in the quote */
    uint8_t certificate_sha256[32];
    bool certificate_checked; /* name and chain */
    bool mutual;              /* the client's evidence was accepted, too */
    int64_t attested_ms;      /* mono_ms of the nonce of the last
                                 evidence that was trusted */
    uint32_t attestations;    /* how often */
};
ASSAY_API struct assay_session_facts
assay_client_facts(const struct assay_client *c);
/* What the server gave beside the quote that was appraised last, with
 * keep_evidence. Slices live until the next evidence is asked for. */
struct assay_client_offer {
    bool kept; /* false: nothing is here, or facts are those of a later nonce */
    const struct assay_eventlog *event_log; /* or NULL */
    struct assay_slice app_compose;
    struct assay_slice vm_config;
};
ASSAY_API struct assay_client_offer
assay_client_offered(const struct assay_client *c);
/* The server's leaf certificate, DER; empty before the handshake. */
ASSAY_API struct assay_slice
assay_client_certificate(const struct assay_client *c);

/* Plaintext. A message (an HTTP request; to a server that speaks something
 * else, whatever is sent without a pause) is begun, written and ended; nothing
 * can be written outside of one. `begin` refuses (ASSAY_STALE) when the
 * evidence is older than the policy's interval: then assay_client_reattest()
 * first. ASSAY_INVALID in any state but OPEN. A write that does not fit into
 * what waits to be sent (ASSAY_TOO_LARGE) may be tried again; behind one that
 * failed otherwise nothing is written any more. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_client_begin(struct assay_client *c, struct assay_now now,
                   struct assay_error *err);
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_client_write(struct assay_client *c, struct assay_slice plain,
                   struct assay_error *err);
ASSAY_API void assay_client_end(struct assay_client *c);
/* What has arrived: valid until the next call on the session. `taken` frees n
 * octets of it. Empty before OPEN. */
ASSAY_API struct assay_slice assay_client_read(const struct assay_client *c);
ASSAY_API void assay_client_taken(struct assay_client *c, size_t n);
/* Says goodbye (close_notify); nothing can be written afterwards. */
ASSAY_API void assay_client_close(struct assay_client *c);

/* Amid the message whose response (101) switched protocols, once its head was
 * taken: OPEN becomes RAW; so does CLOSED, if the server's goodbye came with
 * the response. What waits, and whatever comes, is read as it
 * stands. A raw stream is one message that lasts until its end: it was begun on
 * evidence that was fresh, and no further evidence can be asked for in its
 * midst, so `begin`, `end` and `reattest` have no place in it; a caller that
 * wants a limit to its age has assay_client_facts().attested_ms. ASSAY_INVALID.
 *
 * Each direction ends for itself, by close_notify (RFC 8446, section 6.1):
 *   - assay_client_close() ends ours, and reading goes on;
 *   - assay_client_read_done() is true once the server has ended its own (what
 *     came before may still have to be taken), and writing may go on;
 *   - with both, RAW becomes CLOSED. So does a connection that ends without the
 *     server's goodbye: it was cut, as assay_client_truncated() tells, and what
 *     was read is not the whole. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_client_switch(struct assay_client *c, struct assay_error *err);
ASSAY_API bool assay_client_read_done(const struct assay_client *c);

/* Is the evidence older than the interval? */
ASSAY_API bool assay_client_due(const struct assay_client *c,
                                struct assay_now now);
/* Asks for fresh evidence on the same session: OPEN, no message begun, all
 * that arrived was taken. OPEN becomes QUOTE; whatever fails from here fails
 * the session. ASSAY_INVALID. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_client_reattest(struct assay_client *c, struct assay_now now,
                      const uint8_t nonce[ASSAY_NONCE_BYTES],
                      struct assay_error *err);

/* --- server ------------------------------------------------------------- */

/* Certificate chain and key, set up once; shared by sessions and threads. */
struct assay_tls_identity;

#define ASSAY_TLS_IDENTITY_MAX_BYTES (256u * 1024u)
/* PEM: the chain, leaf first, and its private key. ASSAY_INVALID (not a pair,
 * unreadable), ASSAY_TOO_LARGE, ASSAY_CRYPTO, ASSAY_NO_MEMORY. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code assay_tls_identity_parse(
    const struct assay_ctx *ctx, struct assay_slice chain_pem,
    struct assay_slice key_pem, struct assay_tls_identity **out,
    struct assay_error *err);
/* A fresh P-256 key and a self-signed certificate for these names (DNS names
 * or IP addresses, at least one), valid from an hour before now_s for so many
 * days. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_tls_identity_make(const struct assay_ctx *ctx, const char *const *names,
                        size_t name_count, int64_t now_s, unsigned days,
                        struct assay_tls_identity **out,
                        struct assay_error *err);
ASSAY_API void assay_tls_identity_free(struct assay_tls_identity *i);
/* The leaf, DER; as long as the identity. Its chain in PEM (for clients that
 * are to trust a self-made one), appended. */
ASSAY_API struct assay_slice
assay_tls_identity_leaf(const struct assay_tls_identity *i);
ASSAY_API void assay_tls_identity_pem(const struct assay_tls_identity *i,
                                      struct assay_buf *out);
/* SHA-256 of the leaf: what is announced to the platform. */
ASSAY_API void assay_tls_identity_sha256(const struct assay_tls_identity *i,
                                         uint8_t out[32]);
/* Dates of the leaf, Unix seconds. */
ASSAY_API void assay_tls_identity_dates(const struct assay_tls_identity *i,
                                        int64_t *from_s, int64_t *until_s);
/* Whom it is for: the leaf's DNS names, of which "*.example.org" stands for
 * each with one label more. k counts from 0; NULL: there are no more. */
ASSAY_API const char *
assay_tls_identity_name(const struct assay_tls_identity *i, size_t k);
/* Other names in place of these. ASSAY_INVALID, ASSAY_TOO_LARGE,
 * ASSAY_NO_MEMORY. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_tls_identity_set_names(struct assay_tls_identity *i,
                             const char *const *names, size_t count,
                             struct assay_error *err);
/* Several at one door: a session over `first` shows the first one that has the
 * name its client asks for (SNI), or else `first`, which takes over `other`.
 * Before there are sessions. */
ASSAY_API void assay_tls_identity_add(struct assay_tls_identity *first,
                                      struct assay_tls_identity *other);
ASSAY_API const struct assay_tls_identity *
assay_tls_identity_next(const struct assay_tls_identity *i); /* or NULL */

enum assay_server_state {
    ASSAY_SERVER_HANDSHAKE,
    ASSAY_SERVER_IDLE,  /* waits for the head of a request */
    ASSAY_SERVER_QUOTE, /* a quote is due: assay_server_give_quote() */
    /* Only where clients must attest (assay_server_require): */
    ASSAY_SERVER_NEED_COLLATERAL, /* assay_server_give_collateral() is due */
    ASSAY_SERVER_APPRAISE,        /* assay_server_appraise() is due */
    ASSAY_SERVER_ADMIT,           /* assay_server_admit() is due */
    ASSAY_SERVER_REQUEST, /* a request that is not ours is being handled */
    ASSAY_SERVER_RAW,     /* protocols were switched: octets both ways */
    ASSAY_SERVER_CLOSED,  /* the client closed, or close() was called */
    ASSAY_SERVER_FAILED,  /* for good; see assay_server_error() */
};
ASSAY_API const char *assay_server_state_name(enum assay_server_state s);

struct assay_server; /* opaque */

/* The identity must outlive the session. ASSAY_CRYPTO, ASSAY_NO_MEMORY. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_server_new(const struct assay_ctx *ctx,
                 const struct assay_tls_identity *identity,
                 struct assay_server **out, struct assay_error *err);
ASSAY_API void assay_server_free(struct assay_server *s); /* NULL is fine */
ASSAY_API enum assay_server_state
assay_server_state(const struct assay_server *s);
ASSAY_API const struct assay_error *
assay_server_error(const struct assay_server *s);

/* As for the client. What the server itself answers (400, 405, 413, ...) is
 * put into the output by it. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_server_feed(struct assay_server *s, struct assay_slice in, size_t *used,
                  struct assay_error *err);
/* The client has closed its side of the connection. A request that has come
 * whole is still answered if TLS's goodbye came before; else FAILED. */
ASSAY_API void assay_server_eof(struct assay_server *s);
ASSAY_API struct assay_slice assay_server_output(const struct assay_server *s);
ASSAY_API void assay_server_sent(struct assay_server *s, size_t n);

/* In QUOTE: SHA-512(nonce || exporter value), which the quote must report. No
 * caller can choose it: the exporter value is this session's own. */
ASSAY_API void assay_server_report_data(const struct assay_server *s,
                                        uint8_t out[64]);
/* In QUOTE: the client asks for collateral too. */
ASSAY_API bool assay_server_wants_collateral(const struct assay_server *s);
/* In QUOTE: the evidence. JSON texts are passed on as they are; empty ones are
 * left out. The reply goes to the output and the state becomes IDLE.
 * ASSAY_INVALID (a part is not what it should be, another state, or a client
 * nonce that is missing, used before, or the client's own), ASSAY_TOO_LARGE
 * (above ASSAY_REPLY_BODY_MAX_BYTES), ASSAY_NO_MEMORY; a reply that was not
 * taken may be given again, or refused. */
struct assay_quote_reply {
    struct assay_slice quote;      /* octets */
    struct assay_slice event_log;  /* JSON array */
    struct assay_slice vm_config;  /* JSON text */
    struct assay_slice tcb_info;   /* JSON object, with app_compose */
    struct assay_slice collateral; /* JSON object, a bundle; left out unless
                                      the client asked for it */
    int64_t now_s;                 /* Unix seconds */
    /* Where clients must attest: fresh random octets, and when they were made
     * (of the clock that only goes forward). Not used elsewhere. */
    const uint8_t *client_nonce; /* ASSAY_CLIENT_NONCE_BYTES */
    int64_t mono_ms;
};
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_server_give_quote(struct assay_server *s,
                        const struct assay_quote_reply *reply,
                        struct assay_error *err);
/* Why something is refused, in the form that all errors have on the wire:
 * {"error":{"code","message","hint"}}. */
struct assay_refusal {
    unsigned status;
    const char *code;
    const char *message;
    const char *hint;       /* NULL: "" */
    unsigned retry_after_s; /* for the field Retry-After; 0: without */
};
/* In QUOTE: no quote can be had; status 500 to 599. */
ASSAY_API void assay_server_refuse_quote(struct assay_server *s,
                                         const struct assay_refusal *why);

/* --- mutual attestation ---
 * A server that requires it puts a nonce into each of its quote replies. The
 * client answers with evidence of its own over the same session (POST
 * /tdx_client_quote); the session takes it through NEED_COLLATERAL and APPRAISE
 * as the client does. Until it was trusted, and once it has grown older than
 * the policy's interval and ASSAY_CLIENT_EVIDENCE_GRACE_S, every other request
 * is answered 403 by the session. */
#define ASSAY_CLIENT_EVIDENCE_GRACE_S 30 /* a request may be under way */
struct assay_requirement {
    struct assay_verifier *verifier;
    const struct assay_root *root;
    const struct assay_policy *policy;
};
/* In HANDSHAKE; what it points to must outlive the session. ASSAY_INVALID (a
 * missing input, a compose_file that was not given, a policy that is none for
 * clients: assay_policy_check_for_clients(), another state). */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_server_require(struct assay_server *s,
                     const struct assay_requirement *of_clients,
                     struct assay_error *err);
/* In NEED_COLLATERAL and APPRAISE: the client's quote, and what must be asked
 * for to judge it. */
ASSAY_API const struct assay_quote *
assay_server_client_quote(const struct assay_server *s);
ASSAY_API const struct assay_collateral_need *
assay_server_need(const struct assay_server *s);
/* As assay_client_give_collateral(); borrowed until assay_server_appraise() is
 * back, or free. */
ASSAY_API void
assay_server_give_collateral(struct assay_server *s,
                             const struct assay_collateral *collateral);
/* As assay_client_expect_evaluations(). */
ASSAY_API void assay_server_expect_evaluations(struct assay_server *s,
                                               struct assay_evaluations seen);
/* In NEED_COLLATERAL and APPRAISE: it cannot be judged (no collateral); the
 * answer is the connection's last. */
ASSAY_API void assay_server_refuse_client(struct assay_server *s,
                                          const struct assay_refusal *why);
/* In APPRAISE: verifies, and answers: 200, then IDLE; or 403, goodbye and
 * ASSAY_NOT_TRUSTED (or why the evidence could not be judged). The client is
 * told the name of the check that failed, and no value. Takes 0.1 to 1 ms. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_server_appraise(struct assay_server *s, struct assay_now now,
                      struct assay_error *err);
/* In ADMIT, where a request that is not ours waits: becomes REQUEST if the
 * client's evidence is trusted and fresh, or is answered 403. */
ASSAY_API void assay_server_admit(struct assay_server *s, struct assay_now now);
/* The last verdict on the client, trusted or not; NULL before the first. */
ASSAY_API const struct assay_verdict *
assay_server_client_verdict(const struct assay_server *s);
/* What was established of the session and the client's evidence: its nonce,
 * its report data, when it was attested and how often. */
ASSAY_API struct assay_session_facts
assay_server_facts(const struct assay_server *s);

#define ASSAY_PIPE_PATH     "/assay-pipe"
#define ASSAY_PIPE_PROTOCOL "assay-pipe/1" /* of Upgrade */
/* From the next request on, there is a pipe behind this server
 * (docs/formats.md, "Pipes"): what resembles its path is never anybody else's.
 * The session itself refuses requests for it that are not as they should be
 * (400, 405), and those on a connection where no evidence was given yet (403).
 */
ASSAY_API void assay_server_offer_pipe(struct assay_server *s);
/* In REQUEST: this is one for the pipe. It has no body, and the caller answers
 * 101 and calls assay_server_switch(), or refuses. */
ASSAY_API bool assay_server_wants_pipe(const struct assay_server *s);
/* The last answer that was the session's own: evidence, what came of a
 * client's, and whatever it refused. */
#define ASSAY_ANSWERED_METHOD_MAX_BYTES 16u
#define ASSAY_ANSWERED_PATH_MAX_BYTES   64u
struct assay_server_answered {
    uint64_t count;  /* of all so far */
    unsigned status; /* of the last one, from here on */
    size_t body_len; /* bytes of its body */
    /* Of its request, cut to what has room, the path without its query; empty
     * where the head could not be read. */
    char method[ASSAY_ANSWERED_METHOD_MAX_BYTES];
    char path[ASSAY_ANSWERED_PATH_MAX_BYTES];
};
ASSAY_API const struct assay_server_answered *
assay_server_answered(const struct assay_server *s);
/* From the next request on, octets of a head at most (64 KiB unless said). A
 * longer one is answered 431. */
ASSAY_API void assay_server_limit_head(struct assay_server *s, size_t max);
/* In REQUEST: the head as it came (with its empty line), until the request is
 * ended; then the payload of its body, decoded, piece by piece. */
ASSAY_API struct assay_slice
assay_server_request_head(const struct assay_server *s);
ASSAY_API struct assay_slice
assay_server_request_body(const struct assay_server *s);
ASSAY_API void assay_server_body_taken(struct assay_server *s, size_t n);
/* The whole body has been decoded (and perhaps not yet been taken). */
ASSAY_API bool assay_server_body_done(const struct assay_server *s);
/* Once it is done: the fields behind a chunked body, as lines with CR LF, none
 * of them judged; until the request is ended. */
ASSAY_API struct assay_slice
assay_server_request_trailers(const struct assay_server *s);
/* In REQUEST: why the rest of the body cannot be decoded (ASSAY_MALFORMED,
 * ASSAY_TOO_LARGE); code ASSAY_OK if nothing is wrong so far. Such a body is
 * never done, and nothing more of it comes: the caller answers 400 if it has
 * not begun to answer, and ends the response, which is the session's end too.
 */
ASSAY_API const struct assay_error *
assay_server_body_error(const struct assay_server *s);
/* The response, head and body as they go over the wire. Then `respond_end`:
 * back to IDLE, or, if `keep` is false or the request's body was not read to
 * its end, goodbye. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_server_respond(struct assay_server *s, struct assay_slice plain,
                     struct assay_error *err);
ASSAY_API void assay_server_respond_end(struct assay_server *s, bool keep);

/* In REQUEST, behind a response that switches protocols (101; 2xx to CONNECT):
 * the session becomes RAW, and the head is gone. If the request's body was not
 * read to its end: goodbye instead, as with respond_end.
 *
 * In RAW what was sent behind the request, and whatever comes, is read as it
 * stands with assay_server_request_body() and body_taken(), and `respond`
 * writes octets as they are. Each direction ends for itself, by close_notify
 * (RFC 8446, section 6.1):
 *   - body_done() is true once the client has said goodbye; what it sent before
 *     that may still have to be taken. The other direction stays open.
 *   - respond_end() says our goodbye; nothing can be written after it
 *     (ASSAY_INVALID), and what the client still sends can be read. A second
 *     call does nothing; `keep` has no meaning.
 *   - RAW becomes CLOSED when both have said goodbye and all was taken.
 *   - a connection that ends (assay_server_eof) without the client's goodbye
 *     was cut: FAILED with ASSAY_TRUNCATED, whether or not ours was said.
 *     Behind its goodbye the client may close the connection's own direction.
 * assay_server_close() says goodbye and is done with both at once. */
ASSAY_API void assay_server_switch(struct assay_server *s);
ASSAY_API void assay_server_close(struct assay_server *s);

#ifdef __cplusplus
}
#endif
