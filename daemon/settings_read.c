/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * settings_read.c - defaults, file, environment and command line, in this
 * order.
 */
#include "daemon/settings.h"

/* The path that the line names; NULL: none. */
static const char *
config_of(const struct settings *all, const struct given *g)
{
    const struct setting *s = settings_find(all, "config");

    return s != NULL ? g->texts[s - all->rows] : NULL;
}

/* What the file said of identities does not count. */
static void
forget_identities(const struct settings *all, struct given *g)
{
    for (size_t i = 0; i < all->count; i++) {
        if ((all->rows[i].kind & IDENTITY) != 0) {
            g->texts[i] = NULL;
        }
    }
    all->forget(g);
}

/* The file, or NULL, and over it what is said outside of it, which is of these
 * kinds. */
static enum daemon_exit
take_all(const struct settings *all, struct given *g, const char *config,
         int argc, char **argv, unsigned kinds, struct assay_error *err)
{
    all->defaults(g);
    if (config != NULL && settings_take_file(all, g, config, err) != ASSAY_OK) {
        return DAEMON_FAILED;
    }
    if ((kinds & IDENTITY) != 0) {
        forget_identities(all, g);
    }
    if (settings_take_env(all, g, &kinds, err) != ASSAY_OK ||
        settings_take_line(all, g, argc, argv, &kinds, err) != ASSAY_OK) {
        return DAEMON_USAGE;
    }
    return DAEMON_DONE;
}

/* Line and environment are taken twice: first to know which file there is, and
 * what of it counts. */
enum daemon_exit
settings_read(const struct settings *all, struct given *g, int argc,
              char **argv, struct assay_error *err)
{
    enum daemon_exit code = DAEMON_USAGE;
    unsigned kinds = 0;

    all->defaults(g);
    if (settings_take_line(all, g, argc, argv, &kinds, err) == ASSAY_OK &&
        (kinds & ENDS) == 0) {
        const char *config = config_of(all, g); /* in argv */

        if (settings_take_env(all, g, &kinds, err) == ASSAY_OK) {
            given_free(g);
            code = take_all(all, g, config, argc, argv, kinds, err);
        }
    }
    if (err->code != ASSAY_OK) {
        given_free(g);
        return code;
    }
    return DAEMON_DONE;
}
