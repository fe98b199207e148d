/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lint_services.c - what is weak in the services of a docker-compose file.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/error.h"
#include "lint_path.h"
#include "lint_yaml.h"

#define PATH_SHOWN 60

/* --- single values ------------------------------------------------------ */

/* How a value is judged. */
enum test {
    IS_TRUE,  /* anything but a clear no */
    IS_THERE, /* at all, and not null */
    IS_WORD,  /* the word, in any case */
    HAS_WORD, /* the word is part of an element, in any case */
    HAS_CAPABILITY,
};

static const struct rule {
    const char *key;
    enum test test;
    const char *word;
    enum lint_code code;
    const char *message;
} rules[] = {
    {"privileged", IS_TRUE, NULL, LINT_PRIVILEGED,
     "the container may do everything in the TD"},
    {"build", IS_THERE, NULL, LINT_BUILD, "the image is built where it runs"},
    {"pull_policy", IS_WORD, "build", LINT_BUILD,
     "the image is built where it runs"},
    {"use_api_socket", IS_TRUE, NULL, LINT_SOCKET,
     "it has the container runtime's socket"},
    {"provider", IS_THERE, NULL, LINT_OTHER_FILE,
     "another program runs it, which is not measured"},
    {"extends", IS_THERE, NULL, LINT_OTHER_FILE,
     "it takes its settings from somewhere else"},
    {"env_file", IS_THERE, NULL, LINT_OTHER_FILE,
     "it takes its environment from another file"},
    {"label_file", IS_THERE, NULL, LINT_OTHER_FILE,
     "it takes its labels from another file"},
    {"volumes_from", IS_THERE, NULL, LINT_BIND,
     "it takes the volumes of another container"},
    {"network_mode", IS_WORD, "host", LINT_NAMESPACE,
     "it shares the network of the TD"},
    {"pid", IS_WORD, "host", LINT_NAMESPACE, "it sees all processes of the TD"},
    {"ipc", IS_WORD, "host", LINT_NAMESPACE, "it shares memory with the TD"},
    {"uts", IS_WORD, "host", LINT_NAMESPACE, "it shares the TD's host name"},
    {"userns_mode", IS_WORD, "host", LINT_NAMESPACE,
     "its root is root of the TD"},
    {"cgroup", IS_WORD, "host", LINT_NAMESPACE, "it shares the TD's cgroups"},
    {"cap_add", HAS_CAPABILITY, "ALL", LINT_CAPABILITY,
     "it has all capabilities"},
    {"cap_add", HAS_CAPABILITY, "SYS_ADMIN", LINT_CAPABILITY,
     "SYS_ADMIN is as good as root of the TD"},
    {"cap_add", HAS_CAPABILITY, "SYS_MODULE", LINT_CAPABILITY,
     "SYS_MODULE loads code into the kernel"},
    {"cap_add", HAS_CAPABILITY, "SYS_RAWIO", LINT_CAPABILITY,
     "SYS_RAWIO reaches all memory"},
    {"cap_add", HAS_CAPABILITY, "SYS_PTRACE", LINT_CAPABILITY,
     "SYS_PTRACE reads other processes"},
    {"cap_add", HAS_CAPABILITY, "DAC_READ_SEARCH", LINT_CAPABILITY,
     "DAC_READ_SEARCH reads every file of the TD"},
    {"cap_add", HAS_CAPABILITY, "NET_ADMIN", LINT_CAPABILITY,
     "NET_ADMIN changes where packets go"},
    {"cap_add", HAS_CAPABILITY, "BPF", LINT_CAPABILITY,
     "BPF runs code in the kernel"},
    {"security_opt", HAS_WORD, "unconfined", LINT_SECURITY_OPT,
     "a protection of the container is off"},
    {"security_opt", HAS_WORD, "disable", LINT_SECURITY_OPT,
     "a protection of the container is off"},
    {"devices", IS_THERE, NULL, LINT_DEVICE, "it has devices of the TD"},
    {"device_cgroup_rules", IS_THERE, NULL, LINT_DEVICE,
     "it may use devices of the TD"},
};

static bool
contains(const char *text, const char *word)
{
    size_t n = strlen(word);

    for (; *text != '\0'; text++) {
        if (strncasecmp(text, word, n) == 0) {
            return true;
        }
    }
    return false;
}

static bool
element_matches(const struct lint_yaml *y, const struct rule *r, uint32_t e)
{
    const char *s = yaml_string(y->t, e);

    if (r->test == HAS_WORD) {
        return contains(s, r->word);
    }
    s += strncasecmp(s, "CAP_", 4) == 0 ? 4 : 0;
    return strcasecmp(s, r->word) == 0;
}

/* The node that the finding is about; NONE if there is nothing to find. */
static uint32_t
find(const struct lint_yaml *y, const struct rule *r, uint32_t value)
{
    switch (r->test) {
    case IS_TRUE:
        return lint_yaml_is_true(y, value) ? value : YAML_NONE;
    case IS_THERE:
        return lint_yaml_is_null(y, value) ? YAML_NONE : value;
    case IS_WORD:
        return strcasecmp(yaml_string(y->t, value), r->word) == 0 ? value
                                                                  : YAML_NONE;
    case HAS_WORD:
    case HAS_CAPABILITY:
        break;
    }
    if (y->t->node[value].kind != YAML_KIND_LIST) {
        return element_matches(y, r, value) ? value : YAML_NONE;
    }
    for (uint32_t e = yaml_first(y->t, value); e != YAML_NONE;
         e = yaml_next(y->t, e)) {
        uint32_t element = yaml_resolve(y->t, e);

        if (element_matches(y, r, element)) {
            return element;
        }
    }
    return YAML_NONE;
}

static void
judge_values(const struct lint_yaml *y, uint32_t service)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        uint32_t value = yaml_member(y->t, service, rules[i].key);
        uint32_t found =
            value != YAML_NONE ? find(y, &rules[i], value) : YAML_NONE;

        if (found != YAML_NONE) {
            lint_yaml_add(y, rules[i].code, found, "%s", rules[i].message);
        }
    }
}

/* --- mounts and ports --------------------------------------------------- */

static void
judge_path(const struct lint_yaml *y, uint32_t node, struct assay_slice source)
{
    int shown = source.len < PATH_SHOWN ? (int)source.len : PATH_SHOWN;
    const char *text = (const char *)source.ptr;

    switch (lint_path_of(source)) {
    case LINT_PATH_VOLUME:
        break;
    case LINT_PATH_RUNTIME:
        lint_yaml_add(y, LINT_SOCKET, node,
                      "'%.*s' is, or holds, the container runtime's socket",
                      shown, text);
        break;
    case LINT_PATH_GUEST_SOCKET:
        lint_yaml_add(y, LINT_GUEST_SOCKET, node,
                      "'%.*s' is the guest agent's socket", shown, text);
        break;
    case LINT_PATH_HOST:
        lint_yaml_add(y, LINT_BIND, node, "'%.*s' of the TD is mounted", shown,
                      text);
        break;
    }
}

/* "SOURCE:TARGET[:MODE]", or {type, source, target}. */
static void
judge_volume(const struct lint_yaml *y, uint32_t volume)
{
    struct assay_slice text = yaml_text(y->t, volume);
    uint32_t source = yaml_member(y->t, volume, "source");

    source = source != YAML_NONE ? source : yaml_member(y->t, volume, "src");
    if (y->t->node[volume].kind == YAML_KIND_SCALAR) {
        size_t len = strcspn(yaml_string(y->t, volume), ":");

        if (len < text.len) { /* else a target alone */
            text.len = len;
            judge_path(y, volume, text);
        }
    } else if (y->t->node[volume].kind != YAML_KIND_MAP) {
        lint_yaml_add(y, LINT_SHAPE, volume, "it is no mount");
    } else if (source != YAML_NONE) {
        judge_path(y, source, yaml_text(y->t, source));
    }
}

static bool
is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 ||
           strncmp(address, "[::1]", 5) == 0 || strcmp(address, "::1") == 0 ||
           strcmp(address, "localhost") == 0;
}

static void
judge_port(const struct lint_yaml *y, uint32_t port)
{
    const char *text = yaml_string(y->t, port);
    uint32_t published = yaml_member(y->t, port, "published");

    if (y->t->node[port].kind == YAML_KIND_SCALAR && !is_loopback(text)) {
        lint_yaml_add(y, LINT_PORT, port, "port '%.40s' is open to all", text);
    } else if (y->t->node[port].kind == YAML_KIND_MAP &&
               published != YAML_NONE &&
               !is_loopback(
                   yaml_string(y->t, yaml_member(y->t, port, "host_ip")))) {
        lint_yaml_add(y, LINT_PORT, published, "port '%.40s' is open to all",
                      yaml_string(y->t, published));
    }
}

/* Each element of a list, if it is one. */
static void
judge_list(const struct lint_yaml *y, uint32_t service, const char *name,
           void (*judge)(const struct lint_yaml *y, uint32_t element))
{
    uint32_t list = yaml_member(y->t, service, name);

    if (list == YAML_NONE || lint_yaml_is_null(y, list)) {
        return;
    }
    if (y->t->node[list].kind != YAML_KIND_LIST) {
        lint_yaml_add(y, LINT_SHAPE, list, "it is no list");
        return;
    }
    for (uint32_t e = yaml_first(y->t, list); e != YAML_NONE;
         e = yaml_next(y->t, e)) {
        judge(y, yaml_resolve(y->t, e));
    }
}

/* Commands that run beside the container's own. */
static void
judge_hook(const struct lint_yaml *y, uint32_t hook)
{
    uint32_t value = yaml_member(y->t, hook, "privileged");

    if (lint_yaml_is_true(y, value)) {
        lint_yaml_add(y, LINT_PRIVILEGED, value,
                      "the command may do everything in the TD");
    }
}

/* --- the file ----------------------------------------------------------- */

static void
judge_service(const struct lint_yaml *y, uint32_t service)
{
    lint_yaml_image(y, service);
    judge_values(y, service);
    judge_list(y, service, "volumes", judge_volume);
    judge_list(y, service, "ports", judge_port);
    judge_list(y, service, "post_start", judge_hook);
    judge_list(y, service, "pre_stop", judge_hook);
}

static void
judge_services(const struct lint_yaml *y)
{
    uint32_t services = yaml_member(y->t, YAML_ROOT, "services");
    uint32_t k = yaml_first(y->t, services);

    if (services == YAML_NONE || y->t->node[services].kind != YAML_KIND_MAP ||
        k == YAML_NONE) {
        lint_yaml_add(y, LINT_SHAPE, YAML_ROOT, "there are no services");
        return;
    }
    for (; k != YAML_NONE; k = yaml_next(y->t, k)) {
        uint32_t service = yaml_value(y->t, k);

        if (assay_slice_is(yaml_text(y->t, k), "<<")) {
            /* Services that are merged in whole are found nowhere else. */
            lint_yaml_add(y, LINT_DEEP_MERGE, k, "it merges services");
        } else if (y->t->node[service].kind != YAML_KIND_MAP) {
            lint_yaml_add(y, LINT_SHAPE, service, "it is no service");
        } else {
            judge_service(y, service);
        }
    }
}

/* Volumes, configs and secrets of the whole file. */
static const struct {
    const char *section;
    const char *outer; /* member of each entry; or NULL */
    const char *key;
    enum lint_code code;
    const char *message;
} entries[] = {
    {"configs", NULL, "file", LINT_OTHER_FILE, "its content is another file's"},
    {"secrets", NULL, "file", LINT_OTHER_FILE, "its content is another file's"},
    {"volumes", "driver_opts", "device", LINT_BIND, NULL},
};

static void
judge_entries(const struct lint_yaml *y)
{
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        uint32_t all = yaml_member(y->t, YAML_ROOT, entries[i].section);
        bool map = all != YAML_NONE && y->t->node[all].kind == YAML_KIND_MAP;

        for (uint32_t k = map ? yaml_first(y->t, all) : YAML_NONE;
             k != YAML_NONE; k = yaml_next(y->t, k)) {
            uint32_t entry = yaml_value(y->t, k);
            uint32_t value;

            if (assay_slice_is(yaml_text(y->t, k), "<<")) {
                lint_yaml_add(y, LINT_DEEP_MERGE, k, "it merges whole entries");
                continue;
            }
            value = yaml_member(y->t,
                                entries[i].outer != NULL
                                    ? yaml_member(y->t, entry, entries[i].outer)
                                    : entry,
                                entries[i].key);

            if (value != YAML_NONE && entries[i].message != NULL) {
                lint_yaml_add(y, entries[i].code, value, "%s",
                              entries[i].message);
            } else if (value != YAML_NONE) {
                judge_path(y, value, yaml_text(y->t, value));
            }
        }
    }
}

void
lint_services(struct lint *l, struct assay_slice yaml,
              const struct lint_envs *envs, const char *where)
{
    struct yaml_tree tree;
    struct lint_yaml y = {l, &tree, where, envs};
    uint32_t include;

    if (l->err->code != ASSAY_OK) {
        return;
    }
    if (yaml_tree_parse(yaml, &tree, l->err) != ASSAY_OK) {
        if (where[0] != '\0') {
            assay_error_prefix(l->err, "%.*s", (int)strcspn(where, ":"), where);
        }
        return;
    }
    if (tree.count == 0) {
        lint_add(l, LINT_SHAPE, where, "the file is empty");
        yaml_tree_free(&tree);
        return;
    }
    lint_yaml_ambiguities(&y);
    include = yaml_member(&tree, YAML_ROOT, "include");
    if (include != YAML_NONE) {
        lint_yaml_add(&y, LINT_OTHER_FILE, include,
                      "it takes services from other files");
    }
    judge_services(&y);
    judge_entries(&y);
    lint_yaml_variables(&y);
    yaml_tree_free(&tree);
}
