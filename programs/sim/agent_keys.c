/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * agent_keys.c - keys and certificates that the guest agent hands out.
 */
#include "agent_call.h"
#include "mint/tls_cert.h"

#define DAY INT64_C(86400)

/* --- keys --------------------------------------------------------------- */

/* A member of the chain: by a key of this seed over two parts. */
static enum assay_code
put_signature(struct sim_call *c, const struct mint_key *key,
              struct assay_slice a, struct assay_slice b)
{
    uint8_t sig[MINT_SIG_BYTES];
    struct assay_buf said;
    enum assay_code code;

    assay_buf_init(&said, MINT_DOCUMENT_MAX);
    assay_buf_add(&said, a);
    assay_buf_add(&said, b);
    code = mint_check(&said, "signature chain", sim_call_err(c));
    if (code == ASSAY_OK) {
        code = mint_key_sign(key, assay_buf_slice(&said), sig, sim_call_err(c));
    }
    if (code == ASSAY_OK) {
        assay_json_out_hex(&c->out, NULL, ASSAY_SLICE(sig));
    }
    assay_buf_free(&said);
    return code;
}

/* What stands for dstack's chain of signatures: by the app's key over purpose
 * and key, and by the key server's over app ID and the app's key. They are of
 * P-256, where dstack's are of secp256k1. */
static enum assay_code
put_signatures(struct sim_call *c, struct assay_slice purpose,
               const uint8_t key[32])
{
    uint8_t seeds[2][MINT_SEED_BYTES];
    struct mint_key *app = NULL;
    struct mint_key *server = NULL;
    enum assay_code code = mint_guest_secret(sim_call_guest(c), "app key", NULL,
                                             0, seeds[0], sim_call_err(c));

    if (code == ASSAY_OK) {
        code = mint_machine_secret(c->sim->machine, "key server", seeds[1],
                                   sim_call_err(c));
    }
    if (code == ASSAY_OK) {
        code = mint_key_derive(seeds[0], "chain", &app, sim_call_err(c));
    }
    if (code == ASSAY_OK) {
        code = mint_key_derive(seeds[1], "chain", &server, sim_call_err(c));
    }
    if (code == ASSAY_OK) {
        assay_json_out_open(&c->out, "signature_chain", '[');
        code = put_signature(c, app, purpose, (struct assay_slice){key, 32});
    }
    if (code == ASSAY_OK) {
        code = put_signature(
            c, server, ASSAY_SLICE(mint_guest_facts(sim_call_guest(c))->app_id),
            (struct assay_slice){mint_key_public(app), MINT_POINT_BYTES});
        assay_json_out_close(&c->out, ']');
    }
    mint_key_free(server);
    mint_key_free(app);
    return code;
}

void
sim_call_get_key(struct sim_call *c)
{
    struct assay_slice path = ASSAY_EMPTY;
    struct assay_slice purpose = ASSAY_EMPTY;
    struct assay_slice algorithm = assay_slice_of("secp256k1");
    uint8_t key[32];

    (void)sim_body_text(&c->body, "path", &path);
    (void)sim_body_text(&c->body, "purpose", &purpose);
    (void)sim_body_text(&c->body, "algorithm", &algorithm);
    if (sim_call_err(c)->code != ASSAY_OK) {
        return;
    }
    if (!assay_slice_is(algorithm, "secp256k1") &&
        !assay_slice_is(algorithm, "ed25519")) {
        (void)assay_fail(sim_call_err(c), ASSAY_INVALID, ASSAY_NO_OFFSET,
                         "algorithm: must be secp256k1 or ed25519");
        return;
    }
    if (mint_guest_secret(sim_call_guest(c), "GetKey",
                          (struct assay_slice[]){algorithm, path}, 2, key,
                          sim_call_err(c)) == ASSAY_OK) {
        assay_json_out_hex(&c->out, "key", ASSAY_SLICE(key));
        (void)put_signatures(c, purpose, key);
    }
}

/* --- certificates ------------------------------------------------------- */

/* NUL-terminated copies of what a certificate is to say. */
struct names {
    char subject[MINT_TLS_NAME_MAX + 1];
    char alt[MINT_TLS_NAMES_MAX][MINT_TLS_NAME_MAX + 1];
};

static bool
copy_name(struct sim_call *c, char to[MINT_TLS_NAME_MAX + 1],
          struct assay_slice name)
{
    if (name.len > MINT_TLS_NAME_MAX) {
        (void)assay_fail(sim_call_err(c), ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                         "a name has at most %u octets", MINT_TLS_NAME_MAX);
        return false;
    }
    assay_copy(to, name);
    to[name.len] = '\0';
    return true;
}

static void
read_alt_names(struct sim_call *c, struct names *names,
               struct mint_tls_options *o)
{
    const struct assay_json *doc = c->body.doc;
    uint32_t list = assay_json_member(doc, ASSAY_JSON_ROOT, "alt_names");
    size_t n = 0;

    if (list == ASSAY_JSON_NONE) {
        return;
    }
    if (assay_json_type(doc, list) != ASSAY_JSON_ARRAY ||
        assay_json_count(doc, list) > MINT_TLS_NAMES_MAX) {
        (void)assay_fail(sim_call_err(c), ASSAY_INVALID, ASSAY_NO_OFFSET,
                         "alt_names: must be a list of at most %u strings",
                         MINT_TLS_NAMES_MAX);
        return;
    }
    for (uint32_t i = assay_json_first(doc, list); i != ASSAY_JSON_NONE;
         i = assay_json_next(doc, i)) {
        if (!copy_name(c, names->alt[n], assay_json_string(doc, i))) {
            return;
        }
        o->alt_names[n] = names->alt[n];
        n++;
    }
}

static void
read_certificate_request(struct sim_call *c, struct names *names,
                         struct mint_tls_options *o)
{
    struct assay_slice subject = ASSAY_EMPTY;
    bool ra_tls = false;

    (void)sim_body_text(&c->body, "subject", &subject);
    (void)sim_body_bool(&c->body, "usage_server_auth", &o->server_auth);
    (void)sim_body_bool(&c->body, "usage_client_auth", &o->client_auth);
    (void)sim_body_bool(&c->body, "usage_ra_tls", &ra_tls);
    (void)sim_body_time(&c->body, "not_before", &o->not_before_s);
    (void)sim_body_time(&c->body, "not_after", &o->not_after_s);
    if (sim_call_err(c)->code == ASSAY_OK && ra_tls) {
        (void)assay_fail(sim_call_err(c), ASSAY_UNSUPPORTED, ASSAY_NO_OFFSET,
                         "usage_ra_tls: not simulated");
    }
    if (sim_call_err(c)->code == ASSAY_OK &&
        copy_name(c, names->subject, subject)) {
        o->subject = names->subject;
        read_alt_names(c, names, o);
    }
}

/* The CA began with the machine, and belongs to no app. */
static enum assay_code
issue(struct sim_call *c, struct mint_tls_options *o, struct mint_tls_cert *out)
{
    uint8_t seed[MINT_SEED_BYTES];

    o->ca_from_s = c->sim->o->state.now_s - DAY;
    if (mint_machine_secret(c->sim->machine, "TLS", seed, sim_call_err(c)) !=
        ASSAY_OK) {
        memset(out, 0, sizeof(*out));
        return sim_call_err(c)->code;
    }
    return mint_tls_issue(seed, o, out, sim_call_err(c));
}

void
sim_call_get_tls_key(struct sim_call *c)
{
    struct names names;
    struct mint_tls_cert made;
    struct mint_tls_options o = {
        .not_before_s = sim_now(c->sim) - DAY,
        .not_after_s = sim_now(c->sim) + 365 * DAY,
        .number = c->sim->tls_keys + 1,
    };

    read_certificate_request(c, &names, &o);
    if (sim_call_err(c)->code != ASSAY_OK) {
        return;
    }
    if (issue(c, &o, &made) == ASSAY_OK) {
        c->sim->tls_keys++;
        assay_json_out_string(&c->out, "key", assay_buf_slice(&made.key_pem));
        assay_json_out_open(&c->out, "certificate_chain", '[');
        assay_json_out_string(&c->out, NULL, assay_buf_slice(&made.leaf_pem));
        assay_json_out_string(&c->out, NULL, assay_buf_slice(&made.ca_pem));
        assay_json_out_close(&c->out, ']');
    }
    mint_tls_cert_free(&made);
}

void
sim_call_put_app_cert(struct sim_call *c)
{
    struct mint_tls_cert made;
    struct mint_tls_options o = {
        .subject = mint_guest_facts(sim_call_guest(c))->app_name,
        .client_auth = true,
        .not_before_s = c->sim->o->state.now_s - DAY,
        .not_after_s = c->sim->o->state.now_s + 3649 * DAY,
    };

    if (issue(c, &o, &made) == ASSAY_OK) {
        assay_buf_add(&made.leaf_pem, assay_buf_slice(&made.ca_pem));
        assay_json_out_string(&c->out, "app_cert",
                              assay_buf_slice(&made.leaf_pem));
    }
    mint_tls_cert_free(&made);
}
