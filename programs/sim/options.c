/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.c - see options.h.
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/text.h"
#include "base/timestamp.h"
#include "io/file.h"

#define SIGNING_DELAY_MAX_MS 60000

const char sim_usage[] =
    "usage: assay-sim --dir DIR [option...]\n"
    "       assay-sim --dir DIR --control NAME[=VALUE]...\n"
    "\n"
    "A simulated TDX platform: a guest socket that quotes, and a PCCS with "
    "the\n"
    "collateral, under a root that nobody trusts unless told to. Writes\n"
    "DIR/root.pem, DIR/policy.json and, when it is ready, DIR/ready.json.\n"
    "\n"
    "  --dir DIR                 where sockets and files go; made if missing\n"
    "  --pccs HOST:PORT          where the PCCS listens (127.0.0.1:0, a free\n"
    "                            port)\n"
    "  --seed HEX                32 bytes: the same keys every time (default:\n"
    "                            random)\n"
    "  --now TIME                start the simulated clock there: Unix "
    "seconds\n"
    "                            or RFC 3339 (default: the system's clock)\n"
    "  --app-compose FILE        what the TD runs (default: a small one)\n"
    "  --tcb-status STATUS       of the platform (UpToDate)\n"
    "  --quote-version 4|5       (4)\n"
    "  --stripped-log            quotes come with logs as of dstack 0.5.6\n"
    "  --event-log-version 1|2   (as the app-compose says, else 1)\n"
    "  --mr-config-id 0|1|2|3    kind of MRCONFIGID (1)\n"
    "  --os-image-hash HEX|none  what the event os-image-hash says\n"
    "  --key-provider NAME       kms, local-sgx, none or tpm (kms); the event\n"
    "                            os-image-hash needs kms\n"
    "  --signing-delay MS        how long a quote takes (0)\n"
    "  --control NAME[=VALUE]    changes the one that runs in DIR, and prints\n"
    "                            its state: tcb=STATUS, module=STATUS,\n"
    "                            qe=STATUS, revoke, expire, overtaken, debug,\n"
    "                            forge-log (=on|off), os-image=NAME,\n"
    "                            compose=FILE, clock=TIME, reboot, reset, "
    "state\n"
    "  --help, --version\n";

enum option_id {
    OPT_DIR = 256,
    OPT_PCCS,
    OPT_SEED,
    OPT_NOW,
    OPT_APP_COMPOSE,
    OPT_TCB_STATUS,
    OPT_QUOTE_VERSION,
    OPT_STRIPPED_LOG,
    OPT_EVENT_LOG_VERSION,
    OPT_MR_CONFIG_ID,
    OPT_OS_IMAGE_HASH,
    OPT_KEY_PROVIDER,
    OPT_SIGNING_DELAY,
    OPT_CONTROL,
    OPT_HELP,
    OPT_VERSION,
};

static const struct option long_options[] = {
    {"dir", required_argument, NULL, OPT_DIR},
    {"pccs", required_argument, NULL, OPT_PCCS},
    {"seed", required_argument, NULL, OPT_SEED},
    {"now", required_argument, NULL, OPT_NOW},
    {"app-compose", required_argument, NULL, OPT_APP_COMPOSE},
    {"tcb-status", required_argument, NULL, OPT_TCB_STATUS},
    {"quote-version", required_argument, NULL, OPT_QUOTE_VERSION},
    {"stripped-log", no_argument, NULL, OPT_STRIPPED_LOG},
    {"event-log-version", required_argument, NULL, OPT_EVENT_LOG_VERSION},
    {"mr-config-id", required_argument, NULL, OPT_MR_CONFIG_ID},
    {"os-image-hash", required_argument, NULL, OPT_OS_IMAGE_HASH},
    {"key-provider", required_argument, NULL, OPT_KEY_PROVIDER},
    {"signing-delay", required_argument, NULL, OPT_SIGNING_DELAY},
    {"control", required_argument, NULL, OPT_CONTROL},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

/* --- values ------------------------------------------------------------- */

/* One digit between low and high. */
static bool
read_digit(const char *text, char low, char high, int32_t *out)
{
    if (text[0] < low || text[0] > high || text[1] != '\0') {
        return false;
    }
    *out = text[0] - '0';
    return true;
}

/* So many octets as hex digits, in lower case. */
static bool
read_hex(const char *text, char *out, size_t bytes)
{
    uint8_t octets[64];
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_hex_decode(assay_slice_of(text), octets, bytes, "hex", &err) !=
        ASSAY_OK) {
        return false;
    }
    assay_hex_to(out, (struct assay_slice){octets, bytes});
    return true;
}

static bool
read_milliseconds(const char *text, uint32_t *out)
{
    uint32_t n = 0;

    for (size_t i = 0; text[i] != '\0'; i++) {
        if (text[i] < '0' || text[i] > '9' || n > SIGNING_DELAY_MAX_MS) {
            return false;
        }
        n = n * 10 + (uint32_t)(text[i] - '0');
    }
    *out = n;
    return text[0] != '\0' && n <= SIGNING_DELAY_MAX_MS;
}

static bool
read_provider(const char *text, enum mint_key_provider *out)
{
    for (unsigned i = 0; i < MINT_PROVIDER_COUNT; i++) {
        if (strcmp(text, mint_provider_name((enum mint_key_provider)i)) == 0) {
            *out = (enum mint_key_provider)i;
            return true;
        }
    }
    return false;
}

static bool
read_image_hash(const char *text, struct sim_boot *b)
{
    b->has_os_image_hash = true;
    b->os_image_hash[0] = '\0';
    return strcmp(text, "none") == 0 || read_hex(text, b->os_image_hash, 32);
}

static bool
read_config_id(const char *text, int32_t *out)
{
    if (!read_digit(text, '0', '3', out)) {
        return false;
    }
    *out = *out == 0 ? MINT_ZERO : *out;
    return true;
}

static bool
add_control(struct sim_arguments *a, const char *text)
{
    size_t n = 0;

    while (n < SIM_CONTROLS_MAX - 1 && a->controls[n] != NULL) {
        n++;
    }
    a->controls[n] = text;
    a->task = SIM_CONTROL;
    return n < SIM_CONTROLS_MAX - 1;
}

/* --- options ------------------------------------------------------------ */

struct reading {
    struct sim_arguments *a;
    const char *compose_file;
};

/* False: the option's value is not one. */
static bool
take_option(struct reading *r, int id, const char *value)
{
    struct sim_options *o = &r->a->o;
    struct assay_error err;

    assay_error_clear(&err);
    switch ((enum option_id)id) {
    case OPT_DIR:
        o->dir = value;
        return value[0] != '\0';
    case OPT_PCCS:
        o->pccs = value;
        return true;
    case OPT_SEED:
        return read_hex(value, o->seed, MINT_SEED_BYTES);
    case OPT_NOW:
        return assay_time_parse_loose(assay_slice_of(value), &o->state.now_s,
                                      "--now", &err) == ASSAY_OK;
    case OPT_APP_COMPOSE:
        r->compose_file = value;
        return true;
    case OPT_TCB_STATUS:
        o->state.tcb_status = sim_status(assay_slice_of(value), false);
        return o->state.tcb_status != NULL;
    case OPT_QUOTE_VERSION:
        return read_digit(value, '4', '5', &o->quote_version);
    case OPT_STRIPPED_LOG:
        o->stripped_log = true;
        return true;
    case OPT_EVENT_LOG_VERSION:
        return read_digit(value, '1', '2', &o->boot.log_version);
    case OPT_MR_CONFIG_ID:
        return read_config_id(value, &o->boot.config_id);
    case OPT_OS_IMAGE_HASH:
        return read_image_hash(value, &o->boot);
    case OPT_KEY_PROVIDER:
        return read_provider(value, &o->boot.key_provider);
    case OPT_SIGNING_DELAY:
        return read_milliseconds(value, &o->signing_delay_ms);
    case OPT_CONTROL:
        return add_control(r->a, value);
    case OPT_HELP:
        r->a->task = SIM_HELP;
        return true;
    case OPT_VERSION:
        r->a->task = SIM_VERSION;
        return true;
    }
    return false;
}

/* What nobody chose. */
static const char *
fill_in(struct sim_options *o)
{
    static const char up_to_date[] = "UpToDate";
    uint8_t seed[MINT_SEED_BYTES];

    if (o->pccs == NULL) {
        o->pccs = "127.0.0.1:0";
    }
    if (o->state.now_s == 0) {
        o->state.now_s = (int64_t)time(NULL);
    }
    if (o->seed[0] == '\0') {
        if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
            return "the system has no random numbers";
        }
        assay_hex_to(o->seed, ASSAY_SLICE(seed));
    }
    if (o->state.tcb_status == NULL) {
        o->state.tcb_status = up_to_date;
    }
    o->state.module_status = up_to_date;
    o->state.qe_status = up_to_date;
    return NULL;
}

static enum sim_exit
complain(enum sim_exit status, const char *what, const char *tail)
{
    (void)fprintf(stderr, "assay-sim: %s%s\n", what, tail);
    return status;
}

/* Getting the options of serving whole. */
static enum sim_exit
finish(struct reading *r)
{
    struct sim_boot *boot = &r->a->o.boot;
    struct assay_error err;
    const char *wrong = fill_in(&r->a->o);

    if (wrong != NULL) {
        return complain(SIM_TROUBLE, wrong, "");
    }
    assay_error_clear(&err);
    if (r->compose_file != NULL) {
        assay_buf_free(&boot->app_compose);
        if (assay_file_read(r->compose_file, ASSAY_COMPOSE_MAX_BYTES,
                            &boot->app_compose, &err) != ASSAY_OK) {
            return complain(SIM_TROUBLE, err.msg, "");
        }
        if (boot->app_compose.len == 0) {
            return complain(SIM_TROUBLE, r->compose_file, ": is empty");
        }
    }
    return SIM_DONE;
}

enum sim_exit
sim_arguments_read(int argc, char **argv, struct sim_arguments *a)
{
    struct reading r = {.a = a};
    int id;

    memset(a, 0, sizeof(*a));
    sim_boot_init(&a->o.boot);
    opterr = 0;
    while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (id == '?' || !take_option(&r, id, optarg)) {
            return complain(SIM_USAGE, argv[optind - 1],
                            ": not valid; see --help");
        }
        if (a->task == SIM_HELP || a->task == SIM_VERSION) {
            return SIM_DONE;
        }
    }
    if (optind < argc) {
        return complain(SIM_USAGE, "too many arguments", "; see --help");
    }
    if (a->o.dir == NULL) {
        return complain(SIM_USAGE, "--dir is missing", "; see --help");
    }
    return a->task == SIM_SERVE ? finish(&r) : SIM_DONE;
}

void
sim_arguments_free(struct sim_arguments *a)
{
    sim_boot_free(&a->o.boot);
}
