/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * attacks.c - see attacks.h.
 *
 * Each attacker has beaten all that the attack is not about, so that one check
 * alone stands in the way: TLS has been beaten by a stolen key or a CA that
 * was fooled, and all else about the machine is genuine.
 */
#include "attacks.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "io/file.h"
#include "liar.h"
#include "middleman.h"

#define POLICY_MAX_BYTES   (1024u * 1024u)
#define DOCUMENT_MAX_BYTES (4u * 1024u * 1024u)

static const struct tls_role stolen_key = {
    .certificate = STAGE_SERVER ".pem",
    .key = STAGE_SERVER ".key",
};
static const struct tls_role own_certificate = {
    .certificate = STAGE_ATTACKER ".pem",
    .key = STAGE_ATTACKER ".key",
};
static const struct tls_role old_version = {
    .certificate = STAGE_SERVER ".pem",
    .key = STAGE_SERVER ".key",
    .only_1_2 = true,
};

/* What a client said is judged, and stays in the folder. */
static bool
keep_answer(struct stage *s, const struct attack *a, struct assay_slice said,
            int code, struct outcome *out)
{
    char file[64];

    (void)snprintf(file, sizeof(file), "%s.json", a->name);
    judge(said, code, &a->expects, out);
    return assay_file_write(file, said, 0600, &s->err) == ASSAY_OK;
}

/* A client comes to this address. */
static bool
visit(struct stage *s, const struct attack *a, const char *address,
      struct outcome *out)
{
    char url[ASSAY_HOST_MAX_BYTES + 32];
    const char *const args[] = {"get",  "--json", "--policy", "policy.json",
                                "--ca", "ca.pem", url,        NULL};
    struct visit v;
    bool done;

    (void)snprintf(url, sizeof(url), "https://%s/hello", address);
    done = stage_visit(s, args, &v) &&
           keep_answer(s, a, assay_buf_slice(&v.out), v.code, out);
    visit_free(&v);
    return done;
}

static bool
visit_server(struct stage *s, const struct attack *a, struct outcome *out)
{
    char address[ASSAY_HOST_MAX_BYTES + 16];

    (void)snprintf(address, sizeof(address), "%s:%s", s->server.host,
                   s->server.port);
    return visit(s, a, address, out);
}

/* --- in the network ----------------------------------------------------- */

static bool
visit_middleman(struct stage *s, const struct attack *a,
                struct middleman_options *o, struct assay_buf *recording,
                struct outcome *out)
{
    struct middleman *m = NULL;
    bool done;

    o->server = s->server;
    if (!stage_address(s, "unix:" STAGE_AGENT, &o->agent) ||
        middleman_new(&s->pump.loop, o, &m, &s->err) != ASSAY_OK) {
        return false;
    }
    done = visit(s, a, middleman_address(m), out);
    if (recording != NULL) {
        assay_buf_add(recording, middleman_recording(m));
    }
    middleman_free(m);
    return done;
}

static bool
relay_quote(struct stage *s, const struct attack *a, struct outcome *out)
{
    struct middleman_options o = {MIDDLEMAN_RELAY, .role = stolen_key};

    return stage_serve(s, STAGE_AGENT, STAGE_SERVER, true) &&
           visit_middleman(s, a, &o, NULL, out);
}

/* One client is eavesdropped on; the next one hears the same again. */
static bool
replay_quote(struct stage *s, const struct attack *a, struct outcome *out)
{
    struct middleman_options o = {MIDDLEMAN_RELAY, .role = stolen_key};
    struct assay_buf recording;
    bool done;

    assay_buf_init(&recording, MIDDLEMAN_RECORDING_MAX_BYTES);
    done = stage_serve(s, STAGE_AGENT, STAGE_SERVER, true) &&
           visit_middleman(s, a, &o, &recording, out);
    o.trick = MIDDLEMAN_REPLAY;
    o.recording = assay_buf_slice(&recording);
    if (done && o.recording.len == 0) {
        done = stage_fail(s, ASSAY_REPLY, "there is nothing to replay");
    }
    done = done && visit_middleman(s, a, &o, NULL, out);
    assay_buf_free(&recording);
    return done;
}

static bool
relay_by_oracle(struct stage *s, const struct attack *a, struct outcome *out)
{
    struct middleman_options o = {MIDDLEMAN_ORACLE, .role = own_certificate};

    return stage_serve(s, STAGE_AGENT, STAGE_SERVER, true) &&
           visit_middleman(s, a, &o, NULL, out);
}

static bool
downgrade_tls(struct stage *s, const struct attack *a, struct outcome *out)
{
    struct middleman_options o = {MIDDLEMAN_RELAY, .role = old_version};

    return stage_serve(s, STAGE_AGENT, STAGE_SERVER, true) &&
           visit_middleman(s, a, &o, NULL, out);
}

/* The TD has announced the server's certificate; another one is shown, in a
 * session that the quote is really bound to. */
static bool
show_other_certificate(struct stage *s, const struct attack *a,
                       struct outcome *out)
{
    return stage_serve(s, STAGE_AGENT, STAGE_SERVER, true) &&
           stage_serve(s, STAGE_AGENT, STAGE_ATTACKER, false) &&
           visit_server(s, a, out);
}

/* --- in the event log --------------------------------------------------- */

static bool
visit_with_liar(struct stage *s, const struct attack *a, liar_edit *edit,
                struct outcome *out)
{
    struct assay_address at;
    struct assay_address agent;
    struct liar *l = NULL;
    bool done;

    if (!stage_address(s, "unix:" STAGE_LIAR, &at) ||
        !stage_address(s, "unix:" STAGE_AGENT, &agent) ||
        liar_new(&s->pump.loop, &at, &agent, edit, s, &l, &s->err) !=
            ASSAY_OK) {
        return false;
    }
    done = stage_serve(s, STAGE_LIAR, STAGE_SERVER, true) &&
           visit_server(s, a, out);
    liar_free(l);
    return done;
}

/* Nowhere else: what is in the quote is signed. */
static void
edit_payload(void *user, struct assay_slice answer)
{
    static const char member[] = "\\\"event_payload\\\":\\\"";
    const struct stage *s = user;
    char from[sizeof(member) + STAGE_HASH_DIGITS];
    char to[sizeof(from)];

    (void)snprintf(from, sizeof(from), "%s%s", member, s->measured_hash);
    (void)snprintf(to, sizeof(to), "%s%s", member, s->expected_hash);
    liar_replace_all(answer, from, to);
}

static bool
forge_payload(struct stage *s, const struct attack *a, struct outcome *out)
{
    return visit_with_liar(s, a, edit_payload, out);
}

/* What was measured early is told as events of another type and name, whose
 * digests nobody can recompute; then the app's own ones are the first. */
static void
edit_early_events(void *user, struct assay_slice answer)
{
    static const char runtime[] = "\\\"event_type\\\":134217729";
    static const char disguise[] = "\\\"event_type\\\":134217728";

    (void)user;
    liar_replace_at(answer, "\\\"compose-hash\\\"", "\\\"compose-file\\\"",
                    runtime, disguise);
    liar_replace_at(answer, "\\\"system-ready\\\"", "\\\"system-start\\\"",
                    runtime, disguise);
}

/* At first without a lie: a second event of that name, after the TD is ready.
 * Then with one that leaves a log in which everything stands once. */
static bool
forge_early_event(struct stage *s, const struct attack *a, struct outcome *out)
{
    if (!stage_emit(s, "compose-hash", s->expected_hash) ||
        !stage_serve(s, STAGE_AGENT, STAGE_SERVER, true) ||
        !visit_server(s, a, out)) {
        return false;
    }
    return !out->as_expected ||
           (stage_reset(s, a->control) &&
            stage_emit(s, "compose-hash", s->expected_hash) &&
            stage_emit(s, "system-ready", "") &&
            visit_with_liar(s, a, edit_early_events, out));
}

/* --- in the machine ----------------------------------------------------- */

static bool
use_foreign_root(struct stage *s, const struct attack *a, struct outcome *out)
{
    return stage_start_foreign(s) &&
           stage_serve(s, STAGE_FOREIGN_AGENT, STAGE_SERVER, true) &&
           visit_server(s, a, out);
}

/* --- in what is kept ------------------------------------------------------ */

/* The client's policy, with what its author has no business to allow. */
static bool
write_lax_policy(struct stage *s)
{
    static const char begin[] = "{ \"allow_debug\": true,";
    struct assay_buf text;
    struct assay_buf lax;

    assay_buf_init(&lax, POLICY_MAX_BYTES);
    if (assay_file_read("policy.json", POLICY_MAX_BYTES, &text, &s->err) ==
        ASSAY_OK) {
        assay_buf_add_text(&lax, begin);
        assay_buf_add(&lax, (struct assay_slice){text.ptr + 1, text.len - 1});
        if (assay_buf_check(&lax, "policy", &s->err) == ASSAY_OK) {
            (void)!assay_file_write("lax.json", assay_buf_slice(&lax), 0600,
                                    &s->err);
        }
    }
    assay_buf_free(&text);
    assay_buf_free(&lax);
    return s->err.code == ASSAY_OK;
}

/* The bundle's author sees a trusted verdict, and so says his bundle. */
static bool
save_under_lax_policy(struct stage *s)
{
    char url[ASSAY_HOST_MAX_BYTES + 32];
    const char *const args[] = {
        "get",    "--policy",        "lax.json",          "--ca",
        "ca.pem", "--save-evidence", "lax-evidence.json", url,
        NULL};
    struct visit v;
    bool done;

    (void)snprintf(url, sizeof(url), "https://%s:%s/hello", s->server.host,
                   s->server.port);
    done = stage_visit(s, args, &v);
    if (done && v.code != 0) {
        done = stage_fail(s, ASSAY_REPLY, "the lax client got no evidence");
    }
    visit_free(&v);
    return done;
}

/* `assay verify` prints a verdict where `assay get` prints one within. */
static bool
judge_bundle(struct stage *s, const struct attack *a, struct outcome *out)
{
    static const char *const args[] = {
        "verify", "--json",       "--evidence", "lax-evidence.json",
        "--root", "sim/root.pem", NULL};
    struct assay_buf document;
    struct visit v;
    bool done;

    assay_buf_init(&document, DOCUMENT_MAX_BYTES);
    done = stage_visit(s, args, &v);
    if (done) {
        assay_buf_add_text(&document, "{\"verdict\":");
        assay_buf_add(&document, assay_buf_slice(&v.out));
        assay_buf_add_text(&document, ",\"response\":null}\n");
        done = assay_buf_check(&document, "verdict", &s->err) == ASSAY_OK &&
               keep_answer(s, a, assay_buf_slice(&document), v.code, out);
    }
    assay_buf_free(&document);
    visit_free(&v);
    return done;
}

static bool
vouch_by_lax_policy(struct stage *s, const struct attack *a,
                    struct outcome *out)
{
    return stage_serve(s, STAGE_AGENT, STAGE_SERVER, true) &&
           write_lax_policy(s) && save_under_lax_policy(s) &&
           judge_bundle(s, a, out);
}

/* --- the table ---------------------------------------------------------- */

#define OTHER_COMPOSE "compose=" STAGE_OTHER_COMPOSE

const struct attack attacks[] = {
    {"relayed-quote",
     "relayed quote",
     "A middleman with the server's stolen TLS key passes on its quote.",
     {"report_data", NULL},
     NULL,
     relay_quote},
    {"replayed-quote",
     "replayed quote",
     "The same middleman replays what the server said to an earlier client.",
     {"report_data", NULL},
     NULL,
     replay_quote},
    {"oracle-relay",
     "relay through a server that signs caller-chosen data",
     "A middleman gets a quote from it for a session of the middleman's own.",
     {"certificate_event", NULL},
     NULL,
     relay_by_oracle},
    {"forged-event-payload",
     "forged event payload",
     "Another app runs; in the log, its compose-hash is made the right one.",
     {"event_digests", NULL},
     OTHER_COMPOSE,
     forge_payload},
    {"forged-early-event",
     "forged early event",
     "Another app logs the right compose-hash and disguises the measured one.",
     {"event_rules", NULL},
     OTHER_COMPOSE,
     forge_early_event},
    {"wrong-compose",
     "wrong compose",
     "Another app runs, and nobody hides it.",
     {"app_compose", NULL},
     OTHER_COMPOSE,
     NULL},
    {"wrong-image",
     "wrong image",
     "The TD has booted another OS image.",
     {"mrtd", NULL},
     "os-image=other",
     NULL},
    {"out-of-date-tcb",
     "out-of-date TCB",
     "The firmware of the platform is known to be vulnerable.",
     {"tcb_status", "OutOfDate"},
     "tcb=OutOfDate",
     NULL},
    {"revoked-pck",
     "revoked PCK",
     "The certificate of the platform has been withdrawn.",
     {"pck_not_revoked", NULL},
     "revoke",
     NULL},
    {"debug-td",
     "debug TD",
     "The host can read and write the TD's memory.",
     {"debug", NULL},
     "debug",
     NULL},
    {"foreign-root",
     "foreign root",
     "The same software, on a platform under another root.",
     {"root_ca", NULL},
     NULL,
     use_foreign_root},
    {"tls-1.2",
     "TLS 1.2",
     "A middleman with the stolen key offers nothing newer.",
     {"tls", "TLS 1.3"},
     NULL,
     downgrade_tls},
    {"expired-collateral",
     "expired collateral",
     "The PCCS gives out what ended yesterday.",
     {"root_ca_crl_dates", "expired"},
     "expire",
     NULL},
    {"collateral-rollback",
     "rollback of collateral",
     "The PCCS gives out an older TCB evaluation, signed and in date.",
     {"collateral_rollback", NULL},
     "overtaken",
     NULL},
    {"other-certificate",
     "a quote for another certificate",
     "The server shows a certificate that its TD never announced.",
     {"certificate_event", NULL},
     NULL,
     show_other_certificate},
    {"lax-bundle",
     "a bundle of stored evidence, made under a lax policy",
     "A TD under debug; the bundle's own policy allows it, its verdict is yes.",
     {"bundle", "give --policy"},
     "debug",
     vouch_by_lax_policy},
};
const size_t attack_count = sizeof(attacks) / sizeof(attacks[0]);

bool
attack_run(struct stage *s, const struct attack *a, struct outcome *out)
{
    memset(out, 0, sizeof(*out));
    if (!stage_reset(s, a->control)) {
        return false;
    }
    if (a->mount != NULL) {
        return a->mount(s, a, out);
    }
    return stage_serve(s, STAGE_AGENT, STAGE_SERVER, true) &&
           visit_server(s, a, out);
}

const struct attack *
attack_find(const char *name)
{
    for (size_t i = 0; i < attack_count; i++) {
        if (strcmp(attacks[i].name, name) == 0) {
            return &attacks[i];
        }
    }
    return NULL;
}
