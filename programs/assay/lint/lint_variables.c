/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lint_variables.c - where a value of the environment, which nobody measures,
 * decides what runs.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "lint_yaml.h"

/* Below these keys a value from the environment is what it is there for, or
 * decides nothing that matters here. */
static const char *const harmless[] = {
    "environment",
    "labels",
    "container_name",
    "hostname",
    "domainname",
    "logging",
    "deploy",
    "ports",
    "expose",
    "restart",
    "mem_limit",
    "cpus",
    "stop_grace_period",
    "shm_size",
};

/* Variables that loaders, shells and language runtimes take code from; those
 * that end in '*' are prefixes. */
static const char *const code_names[] = {
    "LD_PRELOAD",        "LD_LIBRARY_PATH",
    "LD_AUDIT",          "PATH",
    "BASH_ENV",          "ENV",
    "PROMPT_COMMAND",    "PYTHONPATH",
    "PYTHONSTARTUP",     "PYTHONHOME",
    "NODE_OPTIONS",      "NODE_PATH",
    "PERL5LIB",          "PERL5OPT",
    "RUBYLIB",           "RUBYOPT",
    "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS",     "CLASSPATH",
    "GCONV_PATH",        "DOTNET_STARTUP_HOOKS",
    "GLIBC_TUNABLES",    "DOCKER_*",
    "COMPOSE_*",         "BUILDKIT_*",
};

bool
lint_env_runs_code(const char *name)
{
    for (size_t i = 0; i < sizeof(code_names) / sizeof(code_names[0]); i++) {
        size_t n = strlen(code_names[i]);

        if (code_names[i][n - 1] == '*'
                ? strncmp(name, code_names[i], n - 1) == 0
                : strcmp(name, code_names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_name(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_';
}

bool
lint_yaml_variable(const char **text, char name[64])
{
    const char *p = *text;

    for (; *p != '\0'; p++) {
        size_t n = 0;

        if (*p != '$') {
            continue;
        }
        if (p[1] == '$') {
            p++;
            continue;
        }
        p += p[1] == '{' ? 2 : 1;
        while (is_name(p[n])) {
            n++;
        }
        *text = p + n;
        if (n > 0) {
            (void)snprintf(name, 64, "%.*s", (int)(n < 63 ? n : 63), p);
            return true;
        }
        p--;
    }
    *text = p;
    return false;
}

/* "services.NAME": a service may have any name. */
static bool
is_service_name(const struct yaml_tree *t, uint32_t key)
{
    uint32_t map = t->node[key].parent;
    uint32_t above = map != YAML_NONE ? t->node[map].key : YAML_NONE;

    return above != YAML_NONE && t->node[map].parent == YAML_ROOT &&
           assay_slice_is(yaml_text(t, above), "services");
}

static bool
is_harmless(const struct yaml_tree *t, uint32_t key)
{
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        if (assay_slice_is(yaml_text(t, key), harmless[i])) {
            return !is_service_name(t, key);
        }
    }
    return false;
}

/* What is anchored may be used anywhere, by an alias. */
static bool
is_below_harmless(const struct yaml_tree *t, uint32_t node)
{
    for (; node != YAML_NONE && !t->node[node].anchored;
         node = t->node[node].parent) {
        if (t->node[node].key != YAML_NONE &&
            is_harmless(t, t->node[node].key)) {
            return true;
        }
    }
    return false;
}

static uint32_t
key_above(const struct yaml_tree *t, uint32_t node)
{
    while (node != YAML_NONE && t->node[node].key == YAML_NONE) {
        node = t->node[node].parent;
    }
    return node != YAML_NONE ? t->node[node].key : YAML_NONE;
}

/* Each name has a finding of its own, so that more of them than there can be
 * findings need not be told apart. */
static bool
is_allowed(const struct lint_envs *e, const char *name)
{
    uint32_t left = LINT_FINDINGS_MAX;

    if (e == NULL || e->list == ASSAY_JSON_NONE) {
        return false;
    }
    for (uint32_t n = assay_json_first(e->doc, e->list);
         n != ASSAY_JSON_NONE && left > 0;
         n = assay_json_next(e->doc, n), left--) {
        if (assay_slice_is(assay_json_string(e->doc, n), name)) {
            return true;
        }
    }
    return false;
}

/* `environment` as a list ("NAME=value", or "NAME" alone, which is passed on)
 * or as a map. */
static void
judge_environment(const struct lint_yaml *y, uint32_t node, const char *text)
{
    uint32_t key = y->t->node[node].key;
    bool listed = key == YAML_NONE;
    const char *value = listed ? strchr(text, '=') : text;
    char name[64];
    char variable[64];

    if (listed) {
        (void)snprintf(name, sizeof(name), "%.*s",
                       (int)(strcspn(text, "=") < 63 ? strcspn(text, "=") : 63),
                       text);
    } else {
        (void)snprintf(name, sizeof(name), "%.63s", yaml_string(y->t, key));
    }
    if (lint_env_runs_code(name) &&
        (value == NULL || lint_yaml_variable(&value, variable))) {
        lint_yaml_add(
            y, LINT_ENV_CODE, node,
            "%.40s is taken from outside, and decides which code runs", name);
    }
}

static void
judge_scalar(const struct lint_yaml *y, uint32_t node)
{
    const char *text = yaml_string(y->t, node);
    uint32_t key = key_above(y->t, node);
    uint32_t list = y->t->node[node].parent;
    char name[64];

    if (list != YAML_NONE && y->t->node[list].key != YAML_NONE &&
        assay_slice_is(yaml_text(y->t, y->t->node[list].key), "environment")) {
        judge_environment(y, node, text);
    }
    /* An image has its own finding (lint_services.c). */
    if (is_below_harmless(y->t, node) ||
        (key != YAML_NONE && assay_slice_is(yaml_text(y->t, key), "image"))) {
        return;
    }
    while (lint_yaml_variable(&text, name)) {
        lint_yaml_add(y, LINT_VARIABLE, node,
                      "$%.30s is taken from the environment%s", name,
                      is_allowed(y->envs, name)
                          ? ", and allowed_envs lets whoever deploys set it"
                          : "");
    }
}

void
lint_yaml_variables(const struct lint_yaml *y)
{
    for (uint32_t i = 0; i < y->t->count; i++) {
        if (y->t->node[i].kind == YAML_KIND_SCALAR && !y->t->node[i].is_key) {
            judge_scalar(y, i);
        }
    }
}
