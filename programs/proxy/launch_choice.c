/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch_choice.c - see launch_choice.h.
 */
#include "launch_choice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/toml.h"
#include "io/file.h"

#define PATH_MAX_BYTES 4096u

bool
launch_codex_folder(struct assay_buf *path)
{
    const char *own = getenv("CODEX_HOME");
    const char *home = getenv("HOME");

    if (own != NULL && own[0] != '\0') {
        assay_buf_add_text(path, own);
        return true;
    }
    if (home == NULL || home[0] != '/') {
        return false;
    }
    assay_buf_printf(path, "%s/.codex", home);
    return true;
}

/* One file of Codex. *out is NULL if it is not there, or after a failure. */
static void
open_file(const char *folder, const char *name, struct assay_toml **out,
          struct assay_error *err)
{
    static const struct assay_json_limits limits = {LAUNCH_FILE_MAX_BYTES, 32,
                                                    20000};
    struct assay_buf path;
    struct assay_buf text = {.ptr = NULL};

    *out = NULL;
    assay_buf_init(&path, PATH_MAX_BYTES);
    assay_buf_printf(&path, "%s/%s", folder, name);
    assay_buf_add_u8(&path, '\0');
    if (assay_buf_check(&path, "Codex's folder", err) == ASSAY_OK &&
        (access((const char *)path.ptr, F_OK) == 0 || errno != ENOENT) &&
        assay_file_read((const char *)path.ptr, LAUNCH_FILE_MAX_BYTES, &text,
                        err) == ASSAY_OK) {
        (void)!assay_toml_parse(assay_buf_slice(&text), &limits,
                                (const char *)path.ptr, out, err);
    }
    assay_buf_free(&text);
    assay_buf_free(&path);
}

/* A text of a table; empty where there is none. One that is no name cannot be
 * chosen: Codex itself refuses it, or nobody serves it. */
static struct launch_name
name_in(const struct assay_toml *t, uint32_t table, const char *member)
{
    struct launch_name n = {.text = ""};
    struct assay_slice text;

    if (t == NULL || table == ASSAY_TOML_NONE) {
        return n;
    }
    text =
        assay_toml_text(t, assay_toml_find(t, table, assay_slice_of(member)));
    if (text.len > LAUNCH_NAME_MAX_BYTES) {
        text.len = LAUNCH_NAME_MAX_BYTES; /* longer than any that is served */
    }
    assay_copy(n.text, text);
    n.text[text.len] = '\0';
    return n;
}

/* False: nothing is said. */
static bool
add(struct launch_choice *c, struct launch_name name, const char *by)
{
    if (name.text[0] == '\0') {
        return false;
    }
    c->all[c->count] = name;
    c->by[c->count++] = by;
    return true;
}

/* False: the profile does not say. */
static bool
add_profile(struct launch_choice *c, const char *folder,
            const struct assay_toml *config, const char *profile,
            struct assay_error *err)
{
    char name[LAUNCH_NAME_MAX_BYTES + 16];
    struct assay_toml *own;
    uint32_t all = config != NULL ? assay_toml_find(config, ASSAY_TOML_ROOT,
                                                    assay_slice_of("profiles"))
                                  : ASSAY_TOML_NONE;
    uint32_t table = all != ASSAY_TOML_NONE
                         ? assay_toml_find(config, all, assay_slice_of(profile))
                         : ASSAY_TOML_NONE;
    bool said;

    (void)snprintf(name, sizeof(name), "%s.config.toml", profile);
    open_file(folder, name, &own, err);
    said = add(c, name_in(own, ASSAY_TOML_ROOT, "model_provider"),
               "the profile's file");
    said =
        add(c, name_in(config, table, "model_provider"), "the profile") || said;
    assay_toml_free(own);
    return said;
}

static void
choose(struct launch_choice *c, const char *folder,
       const struct assay_toml *config, const struct launch_args *args,
       struct assay_error *err)
{
    bool said = args->profile_count > 0;

    c->profile = name_in(config, ASSAY_TOML_ROOT, "profile");
    for (size_t i = 0; i < args->profile_count; i++) {
        said =
            add_profile(c, folder, config, args->profiles[i].text, err) && said;
    }
    if (args->profile_count == 0 && launch_name_is_plain(c->profile.text)) {
        said = add_profile(c, folder, config, c->profile.text, err);
    }
    for (size_t i = 0; i < args->provider_count; i++) {
        said = add(c, args->providers[i], "-c model_provider") || said;
    }
    if (!said && !add(c, name_in(config, ASSAY_TOML_ROOT, "model_provider"),
                      "config.toml")) {
        (void)add(c, (struct launch_name){"openai"},
                  "Codex, as config.toml has no model_provider");
    }
}

enum assay_code
launch_choose(const char *folder, const struct launch_args *args,
              struct launch_choice *out, struct assay_error *err)
{
    struct assay_toml *config;

    *out = (struct launch_choice){.count = 0};
    assay_error_clear(err);
    open_file(folder, "config.toml", &config, err);
    if (err->code == ASSAY_OK) {
        choose(out, folder, config, args, err);
    }
    assay_toml_free(config);
    return err->code;
}

enum assay_code
launch_choose_managed(const char *folder, struct launch_choice *out,
                      struct assay_error *err)
{
    static const char *const others[] = {"model_providers", "profile",
                                         "profiles"};
    struct assay_toml *managed;

    assay_error_clear(err);
    open_file(folder, "managed_config.toml", &managed, err);
    for (size_t i = 0;
         managed != NULL && i < sizeof(others) / sizeof(others[0]); i++) {
        if (assay_toml_find(managed, ASSAY_TOML_ROOT,
                            assay_slice_of(others[i])) != ASSAY_TOML_NONE) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "%.150s/managed_config.toml: its '%s' wins over what "
                       "Codex is told here",
                       folder, others[i]);
        }
    }
    if (managed != NULL) {
        (void)add(out, name_in(managed, ASSAY_TOML_ROOT, "model_provider"),
                  "managed_config.toml");
    }
    assay_toml_free(managed);
    return err->code;
}
