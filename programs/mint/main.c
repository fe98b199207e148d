/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * assay-mint - writes a quote, its collateral and its root into a folder.
 *
 * For demonstrations and tests; not installed. What it makes is worthless as
 * evidence: it chains to a root that nobody but a test trusts.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/bytes.h"
#include "base/timestamp.h"
#include "mint/world.h"

enum { EXIT_DONE = 0, EXIT_TROUBLE = 2, EXIT_USAGE = 64 };

static const char usage[] =
    "usage: assay-mint --out DIR [option...]\n"
    "\n"
    "Writes quote.bin, collateral.json and root.pem of a made-up platform.\n"
    "\n"
    "  --out DIR              where to; made if it is not there\n"
    "  --seed HEX             32 bytes in hex: the same files every time\n"
    "                         (default: fresh random keys)\n"
    "  --version 3|4|5        quote version (default 4)\n"
    "  --body 1|2|3|4         1 SGX, 2 TD 1.0, 3 TD 1.5, 4 TD 1.5 extended\n"
    "                         (default: by the version)\n"
    "  --at TIME              Unix seconds or RFC 3339; everything is in date\n"
    "                         around it (default: now)\n"
    "  --status STATUS        TCB status of the platform (UpToDate)\n"
    "  --qe-status STATUS     of the quoting enclave (UpToDate)\n"
    "  --module-status STATUS of the TDX module (UpToDate)\n"
    "  --old-launch           a TD 1.5 launched by an outdated TDX module\n"
    "                         and now run by another\n"
    "  --fmspc HEX            6 bytes (00A06F050000)\n"
    "  --evaluation N         number of TCB info and QE identity (18)\n"
    "  --report-data HEX      64 bytes of the quoted report\n"
    "  --rtmr N:HEX           48 bytes of register N, 0 to 3\n"
    "  --mr-config-id HEX     48 bytes\n"
    "  --processor-ca         PCK under the Processor CA\n"
    "  --cert-type 1|2|3|4|5  certification data (default 5: the chain)\n"
    "  --debug                an enclave or TD in debug mode\n"
    "  --revoked              the PCK certificate is on the CRL\n"
    "  --expired              TCB info ended the day before\n";

enum option_id {
    OPT_OUT = 256,
    OPT_SEED,
    OPT_VERSION,
    OPT_BODY,
    OPT_AT,
    OPT_STATUS,
    OPT_QE_STATUS,
    OPT_MODULE_STATUS,
    OPT_OLD_LAUNCH,
    OPT_FMSPC,
    OPT_EVALUATION,
    OPT_REPORT_DATA,
    OPT_RTMR,
    OPT_MR_CONFIG_ID,
    OPT_PROCESSOR_CA,
    OPT_CERT_TYPE,
    OPT_DEBUG,
    OPT_REVOKED,
    OPT_EXPIRED,
    OPT_HELP,
};

static const struct option long_options[] = {
    {"out", required_argument, NULL, OPT_OUT},
    {"seed", required_argument, NULL, OPT_SEED},
    {"version", required_argument, NULL, OPT_VERSION},
    {"body", required_argument, NULL, OPT_BODY},
    {"at", required_argument, NULL, OPT_AT},
    {"status", required_argument, NULL, OPT_STATUS},
    {"qe-status", required_argument, NULL, OPT_QE_STATUS},
    {"module-status", required_argument, NULL, OPT_MODULE_STATUS},
    {"old-launch", no_argument, NULL, OPT_OLD_LAUNCH},
    {"fmspc", required_argument, NULL, OPT_FMSPC},
    {"evaluation", required_argument, NULL, OPT_EVALUATION},
    {"report-data", required_argument, NULL, OPT_REPORT_DATA},
    {"rtmr", required_argument, NULL, OPT_RTMR},
    {"mr-config-id", required_argument, NULL, OPT_MR_CONFIG_ID},
    {"processor-ca", no_argument, NULL, OPT_PROCESSOR_CA},
    {"cert-type", required_argument, NULL, OPT_CERT_TYPE},
    {"debug", no_argument, NULL, OPT_DEBUG},
    {"revoked", no_argument, NULL, OPT_REVOKED},
    {"expired", no_argument, NULL, OPT_EXPIRED},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

struct arguments {
    const char *out;
    bool help;
    bool expired;
    struct mint_options o;
};

/* One digit between low and high. */
static bool
parse_digit(const char *text, char low, char high, int32_t *out)
{
    if (text[0] < low || text[0] > high || text[1] != '\0') {
        return false;
    }
    *out = text[0] - '0';
    return true;
}

/* "3:00..." */
static bool
take_rtmr(struct mint_options *o, const char *value)
{
    if (value[0] < '0' || value[0] > '3' || value[1] != ':') {
        return false;
    }
    o->quote.td.rtmr[value[0] - '0'] = value + 2;
    return true;
}

/* False: the option's value is not one. */
static bool
take_option(struct arguments *a, int id, const char *value)
{
    struct mint_options *o = &a->o;
    struct assay_error err;

    assay_error_clear(&err);
    switch ((enum option_id)id) {
    case OPT_OUT:
        a->out = value;
        return true;
    case OPT_SEED:
        o->seed = value;
        return true;
    case OPT_VERSION:
        return parse_digit(value, '3', '5', &o->quote.version);
    case OPT_BODY:
        return parse_digit(value, '1', '4', &o->quote.body_type);
    case OPT_AT:
        return assay_time_parse_loose(assay_slice_of(value), &o->now_s, "--at",
                                      &err) == ASSAY_OK;
    case OPT_STATUS:
        o->tcb_info.levels[0].status = value;
        return true;
    case OPT_QE_STATUS:
        o->qe_identity.levels[0].status = value;
        return true;
    case OPT_MODULE_STATUS:
        o->tcb_info.modules[0].levels[0].status = value;
        return true;
    case OPT_OLD_LAUNCH:
        o->quote.td.tee_tcb_svn = "02010300000000000000000000000000";
        o->quote.td.tee_tcb_svn2 = "06010300000000000000000000000000";
        return true;
    case OPT_FMSPC:
        o->platform.fmspc = value;
        return strlen(value) == 12;
    case OPT_EVALUATION:
        o->tcb_info.evaluation_number = (int32_t)strtol(value, NULL, 10);
        o->qe_identity.evaluation_number = o->tcb_info.evaluation_number;
        return o->tcb_info.evaluation_number > 0;
    case OPT_REPORT_DATA:
        o->quote.sgx.report_data = value;
        o->quote.td.report_data = value;
        return true;
    case OPT_RTMR:
        return take_rtmr(o, value);
    case OPT_MR_CONFIG_ID:
        o->quote.td.mr_config_id = value;
        return true;
    case OPT_PROCESSOR_CA:
        o->processor_ca = true;
        return true;
    case OPT_CERT_TYPE:
        return parse_digit(value, '1', '5', &o->quote.cert_type);
    case OPT_DEBUG:
        o->quote.sgx.attributes_xor = ASSAY_SGX_FLAG_DEBUG;
        o->quote.td.td_attributes_xor = ASSAY_TD_ATTR_DEBUG;
        return true;
    case OPT_REVOKED:
        o->pck_crl.revoke = MINT_REVOKE(MINT_CERT_PCK);
        return true;
    case OPT_EXPIRED:
        a->expired = true;
        return true;
    case OPT_HELP:
        a->help = true;
        return true;
    }
    return false;
}

/* Combinations that no platform makes; tests make them through the library. */
static const char *
find_contradiction(const struct mint_options *o)
{
    int32_t version = o->quote.version != 0 ? o->quote.version : 4;
    int32_t body = o->quote.body_type;

    if (version == 3 && body > ASSAY_BODY_SGX) {
        return "version 3 has body 1 only";
    }
    if (version == 4 && body > ASSAY_BODY_TD10) {
        return "version 4 has body 1 or 2 only";
    }
    if (o->quote.td.tee_tcb_svn2 != NULL &&
        (version < 5 || (body != 0 && body < ASSAY_BODY_TD15))) {
        return "--old-launch needs version 5 and body 3 or 4";
    }
    return NULL;
}

static int
parse_arguments(int argc, char **argv, struct arguments *a)
{
    const char *wrong;
    int id;

    opterr = 0;
    while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (id == '?' || !take_option(a, id, optarg)) {
            (void)fprintf(stderr, "assay-mint: %s: not valid; see --help\n",
                          argv[optind - 1]);
            return EXIT_USAGE;
        }
    }
    if (a->help) {
        return EXIT_DONE;
    }
    wrong = find_contradiction(&a->o);
    if (a->out == NULL) {
        wrong = "--out is missing";
    } else if (optind < argc) {
        wrong = "too many arguments";
    }
    if (wrong != NULL) {
        (void)fprintf(stderr, "assay-mint: %s; see --help\n", wrong);
        return EXIT_USAGE;
    }
    if (a->o.now_s == 0) {
        a->o.now_s = (int64_t)time(NULL);
    }
    if (a->expired) {
        a->o.tcb_info.next_update_s = a->o.now_s - 86400;
    }
    return EXIT_DONE;
}

static enum assay_code
write_file(const char *dir, const char *name, struct assay_slice bytes,
           struct assay_error *err)
{
    char path[4096];
    int len = snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = NULL;
    bool good = false;

    if (len > 0 && (size_t)len < sizeof(path)) {
        f = fopen(path, "wb");
    }
    if (f != NULL) {
        good = fwrite(bytes.ptr, 1, bytes.len, f) == bytes.len;
        good = fclose(f) == 0 && good;
    }
    if (!good) {
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "%s/%s: %s", dir,
                          name, strerror(errno));
    }
    return ASSAY_OK;
}

static enum assay_code
write_world(const struct mint_world *w, const char *dir,
            struct assay_error *err)
{
    struct assay_buf quote;
    struct assay_buf bundle;
    enum assay_code code;

    assay_buf_init(&quote, MINT_QUOTE_MAX);
    assay_buf_init(&bundle, MINT_TEXT_MAX);
    code = mint_world_quote(w, &quote, err);
    if (code == ASSAY_OK) {
        code = mint_world_bundle(w, &bundle, err);
    }
    if (code == ASSAY_OK && mkdir(dir, 0777) != 0 && errno != EEXIST) {
        code = assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "%s: %s", dir,
                          strerror(errno));
    }
    if (code == ASSAY_OK) {
        code = write_file(dir, "quote.bin", assay_buf_slice(&quote), err);
    }
    if (code == ASSAY_OK) {
        code =
            write_file(dir, "collateral.json", assay_buf_slice(&bundle), err);
    }
    if (code == ASSAY_OK) {
        code = write_file(dir, "root.pem", mint_world_root_pem(w), err);
    }
    assay_buf_free(&bundle);
    assay_buf_free(&quote);
    return code;
}

int
main(int argc, char **argv)
{
    struct arguments a = {.out = NULL};
    struct mint_world *w = NULL;
    struct assay_error err;
    int status = parse_arguments(argc, argv, &a);
    enum assay_code code;

    if (status != EXIT_DONE) {
        return status;
    }
    if (a.help) {
        (void)fputs(usage, stdout);
        return EXIT_DONE;
    }
    code = mint_world_new(&a.o, &w, &err);
    if (code == ASSAY_OK) {
        code = write_world(w, a.out, &err);
    }
    mint_world_free(w);
    if (code != ASSAY_OK) {
        (void)fprintf(stderr, "assay-mint: %s\n", err.msg);
        return EXIT_TROUBLE;
    }
    return EXIT_DONE;
}
