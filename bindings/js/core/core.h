/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * core.h - all that JavaScript calls in assay.wasm (bindings/js/src/core.ts).
 *
 * An instance serves one thread. Objects are addresses; 0 is none. They may be
 * freed in any order: what one still needs of another lives on inside. An
 * address that is no object of its kind, or was freed, is refused (invalid) as
 * far as that can be told. Octets go in as the address of a room that
 * js_bytes_new() gave and a length, at most the room's; or as 0 and 0. Times
 * are doubles, whole numbers: wall_s in Unix seconds, mono_ms in milliseconds
 * of a clock that only goes forward.
 *
 * A function that may fail returns an enum assay_code, or an object, or a
 * count of octets; where that says that it failed (not 0; 0; negative), error
 * has why, until the next call that may fail. One that gives text or octets
 * leaves them in result, until the next call that gives some, that changes the
 * object that they are of or that frees any. Memory grows as it must: what
 * JavaScript has seen of it before is of no use then.
 *
 * Nothing here reads a file or the network, nor a clock: but OpenSSL reads the
 * host's (clock_time_get), for its seed among others; no verdict depends on it.
 * Random octets come from the host (random_get), and without them nothing
 * starts.
 */
#pragma once

#include <stdint.h>

struct js_policy;
struct js_root;
struct js_roots;
struct js_session;
struct js_response;
struct js_search;
struct js_collateral;

/* --- core.c ------------------------------------------------------------- */

/* Before all else, once: the cryptographic library, its seed, a verifier. What
 * fails here leaves an instance that is of no use: make another. result: JSON
 * {"version", "openssl", "openssl_source": the version of Debian's package}. */
int32_t js_start(void);

int32_t js_error_code(void);
const char *js_error_name(void); /* "network", "not_trusted", ...: error.h */
const char *js_error_message(void);
const char *js_error_hint(void); /* "" where there is none */

const uint8_t *js_result(void);
uint32_t js_result_len(void);

/* --- arguments.c -------------------------------------------------------- */

/* Room for n octets, which are anything. 0: no memory, or n is 0. */
uint8_t *js_bytes_new(uint32_t n);
/* Wiped first. What is no room is passed by. */
void js_bytes_free(uint8_t *p);

/* --- policy.c ----------------------------------------------------------- */

/* compose: the content of the policy's compose_file, or 0 and 0. result: JSON
 * {"compose_file": path or null, ...} - see policy.c; also where the file is
 * what is missing. */
struct js_policy *js_policy_new(const uint8_t *json, uint32_t len,
                                const uint8_t *compose, uint32_t compose_len);
void js_policy_free(struct js_policy *p);
/* result: {"policy": every member, as it was given or by default, "sources":
 * [URL, "" for Intel's PCS], "cache_collateral", "accepts_self_signed",
 * "trusted_root": null or PEM text or path, "ca_file": null or path,
 * "wires": ["v2", ...], "partial": what it does not ask for, or null}. Two
 * policies of the same text here are the same policy. */
int32_t js_policy_facts(const struct js_policy *p);
/* result: JSON of the default app-compose, which bindings/js/src/policy.ts has,
 * too: it cannot wait for the module. A test compares the two. */
int32_t js_compose_default(void);

/* --- roots.c ------------------------------------------------------------ */

/* The trust anchor of quotes: one certificate, PEM or DER; len 0: Intel's. */
struct js_root *js_root_new(const uint8_t *certificate, uint32_t len);
void js_root_free(struct js_root *r);
/* Whom TLS believes: PEM; len 0: nobody. */
struct js_roots *js_roots_new(const uint8_t *pem, uint32_t len);
void js_roots_free(struct js_roots *r);

/* Of one js_session_write(). */
#define JS_WRITE_MAX_BYTES (16u * 1024u * 1024u)

/* --- session.c: include/assay/session.h, the client ---------------------- */

/* wire: enum assay_wire, one of the policy's. */
struct js_session *js_session_new(struct js_policy *policy,
                                  struct js_root *root, struct js_roots *roots,
                                  const uint8_t *server_name, uint32_t len,
                                  int32_t wire, double wall_s, double mono_ms);
void js_session_free(struct js_session *s);
int32_t js_session_state(const struct js_session *s); /* enum assay_client_state
                                                       */
/* error: why it failed. Returns its code. */
int32_t js_session_error(const struct js_session *s);
/* Octets that were taken, or negative. */
int32_t js_session_feed(struct js_session *s, const uint8_t *in, uint32_t len);
void js_session_eof(struct js_session *s);
/* The caller's own trouble. name: of a code ("timeout"); unknown ones are
 * "network". */
void js_session_abort(struct js_session *s, const uint8_t *name,
                      uint32_t name_len, const uint8_t *message, uint32_t len);
void js_session_output(const struct js_session *s); /* result; may be empty */
void js_session_sent(struct js_session *s, uint32_t n);
int32_t js_session_due(const struct js_session *s, double wall_s,
                       double mono_ms);
int32_t js_session_reattest(struct js_session *s, double wall_s,
                            double mono_ms);
/* In NEED_COLLATERAL and APPRAISE. */
int32_t js_session_give(struct js_session *s, struct js_collateral *collateral);
int32_t js_session_appraise(struct js_session *s, double wall_s,
                            double mono_ms);
int32_t js_session_begin(struct js_session *s, double wall_s, double mono_ms);
/* Code; ASSAY_TOO_LARGE: send first, then again. More than JS_WRITE_MAX_BYTES
 * never fit: ASSAY_INVALID. chunked: in the frame of one
 * chunk (RFC 9112, section 7.1); without octets the last one, no trailers. */
int32_t js_session_write(struct js_session *s, const uint8_t *plain,
                         uint32_t len, int32_t chunked);
void js_session_end(struct js_session *s);
/* A raw stream's reading (and any other that is not a response's). */
void js_session_read(const struct js_session *s); /* result */
void js_session_taken(struct js_session *s, uint32_t n);
int32_t js_session_read_done(const struct js_session *s);
void js_session_close(struct js_session *s);
/* result: {"truncated", "retry_after_s", "tls_version", "tls_cipher", "wire",
 * "certificate_sha256", "certificate_checked", "exporter", "nonce",
 * "attested_ms", "attestations", "need": null or {"tee", "fmspc", "ca"}}. */
int32_t js_session_facts(const struct js_session *s);
/* result: the last verdict as JSON (docs/verdict.md); without what the quote
 * and the collateral say once fresh evidence was asked for. ASSAY_NOT_FOUND:
 * there was none yet. */
int32_t js_session_verdict(const struct js_session *s);
/* result: what was appraised last as a bundle (assay/evidence.h). */
int32_t js_session_evidence(const struct js_session *s);

/* --- head.c, response.c: src/http1 ---------------------------------------- */

/* A request's head, begun anew by js_head_begin(): refused as
 * assay_http1_put_request() and _put_field() refuse. result of js_head_end().
 */
int32_t js_head_begin(const uint8_t *method, uint32_t method_len,
                      const uint8_t *target, uint32_t target_len);
int32_t js_head_field(const uint8_t *name, uint32_t name_len,
                      const uint8_t *value, uint32_t value_len);
int32_t js_head_end(void);

/* Responses are read from a session's plaintext, where they lie. */
enum js_response_state {
    JS_RESPONSE_HEAD,   /* its head is awaited */
    JS_RESPONSE_BODY,   /* its head is known, its body goes on */
    JS_RESPONSE_DONE,   /* all of it has been taken */
    JS_RESPONSE_FAILED, /* error has why; the connection is of no use */
};

/* To a request with this method, from the first session that it is pulled
 * from and from no other. */
struct js_response *js_response_new(const uint8_t *method, uint32_t len);
void js_response_free(struct js_response *r);
/* Takes what the session has to read: a head (1xx heads but 101 are passed by),
 * or payload, which is in result (and nothing else until it is called again;
 * it stays the session's until then). Returns the state; call it again until
 * it stays and gives nothing. */
int32_t js_response_pull(struct js_response *r, struct js_session *s);
/* The session is CLOSED and all that it had was pulled: fine where that ends
 * the body and TLS said goodbye. Returns the state. */
int32_t js_response_eof(struct js_response *r, struct js_session *s);
uint32_t js_response_status(const struct js_response *r);
/* May the connection be used again? Only once it is done, and where nothing
 * followed it unasked. */
int32_t js_response_keeps(const struct js_response *r);
/* result: the reason, then names and values in turn, each with a NUL behind it;
 * octets, which JavaScript reads as ISO 8859-1. ASSAY_INVALID: its head is not
 * known yet. */
int32_t js_response_head(const struct js_response *r);
/* result: the same of the trailers, without a reason, once it is done. */
int32_t js_response_trailers(const struct js_response *r);

/* --- search.c: src/search ------------------------------------------------ */

/* For the quote of a session in NEED_COLLATERAL: from what was stapled, what is
 * cached (a bundle, or len 0), or sources, by the policy's rules. sources:
 * URLs, each with a NUL behind it, in the order in which they are asked; empty:
 * the policy's. */
struct js_search *js_search_new(struct js_session *s, const uint8_t *sources,
                                uint32_t sources_len, const uint8_t *cached,
                                uint32_t cached_len, double wall_s);
void js_search_free(struct js_search *f);
/* result: the name under which a bundle for this session's quote and these
 * sources is kept ("tdx-....json"), the same that native tools use. */
int32_t js_search_name(const struct js_session *s, const uint8_t *sources,
                       uint32_t sources_len);
int32_t js_search_wants(const struct js_search *f); /* 1: url is to be asked */
const char *js_search_url(const struct js_search *f);
uint32_t js_search_max_body(const struct js_search *f);
/* Status 200; headers: lines. */
void js_search_give(struct js_search *f, const uint8_t *headers,
                    uint32_t headers_len, const uint8_t *body,
                    uint32_t body_len);
void js_search_fail(struct js_search *f, const uint8_t *name, uint32_t name_len,
                    const uint8_t *message, uint32_t len);
/* Once nothing is wanted any more, once: the caller's, or 0. result: {"origin":
 * "stapled" | "cached" | "stale" | "fetched", "keep": is it to be kept under
 * its name?, "learnt": [names of evaluations to be kept], "note": what did not
 * work and did not matter}. */
struct js_collateral *js_search_take(struct js_search *f);
void js_search_bundle(const struct js_search *f); /* result: what is to be kept
                                                   */
void js_collateral_free(struct js_collateral *c);
/* Evaluations that were kept, one name: what is no such name is passed by. */
void js_evaluations_add(const uint8_t *name, uint32_t len);

/* --- verify.c ------------------------------------------------------------ */

/* A quote (octets) by itself, as `assay verify` does it; result: the verdict as
 * JSON. collateral: a bundle. policy: or 0, that of a tool that was given none.
 * event_log (a JSON array), app_compose, vm_config: or 0 and 0. */
int32_t js_verify(const uint8_t *quote, uint32_t quote_len,
                  const uint8_t *collateral, uint32_t collateral_len,
                  const struct js_policy *policy, const struct js_root *root,
                  const uint8_t *event_log, uint32_t event_log_len,
                  const uint8_t *app_compose, uint32_t app_compose_len,
                  const uint8_t *vm_config, uint32_t vm_config_len,
                  double wall_s);
/* A bundle of evidence (assay/evidence.h), by the caller's policy and root;
 * result: the verdict. wall_s < 0: as of when it was appraised. */
int32_t js_verify_evidence(const uint8_t *bundle, uint32_t len,
                           const struct js_policy *policy,
                           const struct js_root *root, double wall_s);
