/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * recipes.h - how clients are told of the proxy: variables of the environment,
 * and pieces of their configuration.
 */
#pragma once

#include "base/buf.h"

/* assay proxy env; argv[0] is the command. */
int env_main(int argc, char **argv);
/* assay proxy --print-config TOOL; argv[0] is "--print-config" or
 * "--print-config=TOOL". */
int print_config_main(int argc, char **argv);

/* --- their parts, which do no I/O ----------------------------------------- */

enum recipe_shell {
    RECIPE_SH,
    RECIPE_FISH,
    RECIPE_POWERSHELL,
    RECIPE_JSON,
    RECIPE_SHELLS,
};

/* What the variables are about. */
struct recipe_env {
    const char *url;
    bool has_key;         /* the proxy puts the key in */
    const char *no_proxy; /* NULL: no proxy of the environment is in the way;
                             else NO_PROXY, which may be "" */
};

/* "sh", "bash", "fish", ... False: it is none of them. */
bool recipe_shell_of(const char *name, enum recipe_shell *out);
void recipe_put_env(const struct recipe_env *e, enum recipe_shell shell,
                    struct assay_buf *to);

/* NO_PROXY, which may be "", if the environment has a proxy that would get what
 * is for a URL with http://; else NULL. */
const char *recipe_no_proxy(void);
/* Whether such a list has that host, in so many letters, or all hosts. (Not as
 * curl reads it, which io/dial.h does: other clients know neither networks nor
 * what is below a name, and who is warned in vain loses nothing.) */
bool recipe_spares(const char *list, const char *host);
/* Whether a client may send what is for that URL to a proxy that the
 * environment names: some read NO_PROXY, some no_proxy, so each that is set
 * counts. */
bool recipe_is_diverted(const char *url);

/* The piece for a tool, appended. False: there is none for it. */
bool recipe_put_config(const char *tool, const char *provider, const char *url,
                       struct assay_buf *to);
bool recipe_is_known(const char *tool);
/* Which tools there are, one a line, appended. */
void recipe_put_tools(struct assay_buf *to);
