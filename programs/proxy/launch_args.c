/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch_args.c - see launch_args.h. Codex's rules, as its releases from 0.77
 * to 0.169 have them: the later of two overrides wins, those behind a command
 * win over those before it, or (up to 0.94 at least) make it forget them, and
 * behind "--" there are no options.
 */
#include "launch_args.h"

#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/toml.h"

/* Commands that do not send prompts where the configuration says. */
static const struct {
    const char *name;
    const char *why;
} refused_commands[] = {
    {"agents", "shows sessions of a server that may use other providers"},
    {"app-server", "lets whoever drives it choose the provider"},
    {"cloud", "sends prompts to a cloud that is not attested"},
    {"cloud-tasks", "sends prompts to a cloud that is not attested"},
    {"exec-server", "runs for sessions that are elsewhere"},
    {"mcp-server", "lets whoever drives it choose the provider"},
    {"debug", "runs no model: it needs no proxy"},
    {"queue", "hands the prompt to a server that may use other providers"},
    {"remote-control", "lets whoever drives it choose the provider"},
    {"sandbox", "runs no model: it needs no proxy"},
};

/* Likewise options. */
static const struct {
    const char *name;
    const char *why;
} refused_options[] = {
    {"--local-provider", "chooses a provider that is not attested"},
    {"--oss", "chooses a provider that is not attested"},
    {"--remote", "hands prompts to a server that may use other providers"},
};

/* Those of Codex that take a value, which is no command then. */
static const char *const with_value[] = {
    "--add-dir", "--ask-for-approval",
    "--cd",      "--config",
    "--disable", "--enable",
    "--image",   "--model",
    "--profile", "--sandbox",
    "-C",        "-a",
    "-c",        "-i",
    "-m",        "-p",
    "-s",
};

/* Of [model_providers.X]: what decides where requests go and what is required
 * there. */
static const char *const guarded_members[] = {
    "base_url",
    "ratls_policy",
    "use_ratls",
    "wire_api",
};

bool
launch_name_is_plain(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

    return n > 0 && name[n] == '\0';
}

static void
add_name(struct launch_name *names, size_t *count, struct assay_slice text,
         const char *what, struct assay_error *err)
{
    struct launch_name *n = &names[*count];

    if (*count == LAUNCH_NAMES_MAX) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "%s: more than %u",
                   what, LAUNCH_NAMES_MAX);
        return;
    }
    if (text.len <= LAUNCH_NAME_MAX_BYTES) {
        assay_copy(n->text, text);
        n->text[text.len] = '\0';
    }
    if (text.len > LAUNCH_NAME_MAX_BYTES || strlen(n->text) != text.len ||
        !launch_name_is_plain(n->text)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "%s: '%.*s' is no name of letters, digits, - and _", what,
                   (int)(text.len < 80 ? text.len : 80),
                   (const char *)text.ptr);
        return;
    }
    (*count)++;
}

/* --- -c KEY=VALUE -------------------------------------------------------- */

static struct assay_slice
trim(struct assay_slice s)
{
    while (s.len > 0 && strchr(" \t\r\n", s.ptr[0]) != NULL) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && strchr(" \t\r\n", s.ptr[s.len - 1]) != NULL) {
        s.len--;
    }
    return s;
}

/* As Codex has it: TOML, or else the text as it stands. */
static void
add_value(struct launch_name *names, size_t *count, struct assay_slice value,
          const char *what, struct assay_error *err)
{
    static const struct assay_json_limits limits = {4096, 4, 16};
    struct assay_toml *toml = NULL;
    struct assay_error not_toml;
    struct assay_buf text;
    uint32_t node;

    assay_error_clear(&not_toml);
    assay_buf_init(&text, limits.max_bytes);
    assay_buf_add_text(&text, "v=");
    assay_buf_add(&text, value);
    if (assay_toml_parse(assay_buf_slice(&text), &limits, what, &toml,
                         &not_toml) == ASSAY_OK) {
        node = assay_toml_find(toml, ASSAY_TOML_ROOT, assay_slice_of("v"));
        add_name(names, count, assay_toml_text(toml, node), what, err);
    } else {
        add_name(names, count, trim(value), what, err);
    }
    assay_toml_free(toml);
    assay_buf_free(&text);
}

/* The part of a dotted key at *at; moves behind it and its dot. */
static struct assay_slice
next_part(struct assay_slice key, size_t *at)
{
    struct assay_slice part = {key.ptr + *at, 0};

    while (*at + part.len < key.len && part.ptr[part.len] != '.') {
        part.len++;
    }
    *at += part.len + (*at + part.len < key.len);
    return part;
}

/* A table of the file, or a member that is guarded, must stay as it is. */
static bool
is_guarded(struct assay_slice key)
{
    size_t at = 0;
    struct assay_slice top = next_part(key, &at);
    struct assay_slice name = next_part(key, &at);
    struct assay_slice member = next_part(key, &at);

    if (assay_slice_is(top, "profiles")) {
        return name.len == 0 || member.len == 0 ||
               assay_slice_is(member, "model_provider");
    }
    if (!assay_slice_is(top, "model_providers")) {
        return false;
    }
    for (size_t i = 0; i < sizeof(guarded_members) / sizeof(guarded_members[0]);
         i++) {
        if (assay_slice_is(member, guarded_members[i])) {
            return true;
        }
    }
    return name.len == 0 || member.len == 0;
}

static void
take_override(struct launch_args *a, const char *text, struct assay_error *err)
{
    struct assay_slice all = assay_slice_of(text);
    size_t n = assay_slice_find(all, "=");
    struct assay_slice key;
    struct assay_slice value;

    if (n == ASSAY_NO_OFFSET) {
        return; /* Codex says what is wrong with it */
    }
    key = trim((struct assay_slice){all.ptr, n});
    value = (struct assay_slice){all.ptr + n + 1, all.len - n - 1};
    if (assay_slice_is(key, "model_provider")) {
        add_value(a->providers, &a->provider_count, value, "-c model_provider",
                  err);
    } else if (assay_slice_is(key, "profile")) {
        add_value(a->profiles, &a->profile_count, value, "-c profile", err);
    } else if (is_guarded(key)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "-c %.*s: where prompts go, and what is required there, "
                   "must be said in Codex's config.toml",
                   (int)(key.len < 80 ? key.len : 80), (const char *)key.ptr);
    }
}

/* --- words --------------------------------------------------------------- */

/* Does a word begin an option that is written like this? What stands behind it
 * in the same word goes to *value; "" where nothing does. */
static bool
is_option(const char *word, const char *name, const char **value)
{
    size_t n = strlen(name);
    bool is_long = name[1] == '-';

    if (strncmp(word, name, n) != 0 ||
        (is_long && word[n] != '\0' && word[n] != '=')) {
        return false;
    }
    *value = word + n + (word[n] == '=');
    return true;
}

/* The value of an option, in its word or in the next one. */
static const char *
value_of(const char *in_word, char *const *next)
{
    return in_word[0] != '\0' || *next == NULL ? in_word : *next;
}

size_t
launch_option_words(char *const *word)
{
    for (size_t i = 0; i < sizeof(with_value) / sizeof(with_value[0]); i++) {
        if (strcmp(*word, with_value[i]) == 0 && word[1] != NULL) {
            return 2;
        }
    }
    return 1;
}

size_t
launch_override(char *const *word, const char **text)
{
    size_t words = launch_option_words(word);
    bool is =
        is_option(*word, "--config", text) || is_option(*word, "-c", text);

    if (is && words == 2) {
        *text = word[1];
    }
    return is && (*text)[0] != '\0' ? words : 0;
}

static void
take_option(struct launch_args *a, char *const *word, struct assay_error *err)
{
    const char *v;

    for (size_t i = 0; i < sizeof(refused_options) / sizeof(refused_options[0]);
         i++) {
        if (is_option(*word, refused_options[i].name, &v)) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "codex %s %s",
                       refused_options[i].name, refused_options[i].why);
            return;
        }
    }
    if (launch_override(word, &v) > 0) {
        take_override(a, v, err);
    } else if (is_option(*word, "--profile", &v) ||
               is_option(*word, "-p", &v)) {
        v = value_of(v, word + 1);
        add_name(a->profiles, &a->profile_count, assay_slice_of(v), "--profile",
                 err);
    }
}

/* Wherever it stands: an option that is not known here may have a value, so
 * which word is the command is not known for certain. */
static void
judge_word(const char *word, struct assay_error *err)
{
    for (size_t i = 0;
         i < sizeof(refused_commands) / sizeof(refused_commands[0]); i++) {
        if (strcmp(word, refused_commands[i].name) == 0) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "codex %s %s (as a prompt, write it behind --)", word,
                       refused_commands[i].why);
        }
    }
}

enum assay_code
launch_args_read(char *const *argv, struct launch_args *out,
                 struct assay_error *err)
{
    *out = (struct launch_args){.profile_count = 0};
    assay_error_clear(err);
    while (*argv != NULL && strcmp(*argv, "--") != 0 && err->code == ASSAY_OK) {
        if ((*argv)[0] != '-') {
            judge_word(*argv, err);
        } else {
            take_option(out, argv, err);
            argv += launch_option_words(argv) - 1;
        }
        argv++;
    }
    return err->code;
}
