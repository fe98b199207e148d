/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lint_image.c - which image a service runs, and who decides that.
 */
#include <string.h>

#include "lint_yaml.h"

/* "...@sha256:" and 64 digits, and nothing behind them. */
static bool
has_digest(const char *image)
{
    static const char start[] = "@sha256:";
    const char *digest = strstr(image, start);

    if (digest == NULL) {
        return false;
    }
    digest += strlen(start);
    return strspn(digest, "0123456789abcdef") == 64 && digest[64] == '\0';
}

/* No tag is the tag "latest". A colon before the last slash is a port's. */
static bool
is_latest(const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *tag = strchr(slash != NULL ? slash : image, ':');

    return tag == NULL || strcmp(tag, ":latest") == 0;
}

void
lint_yaml_image(const struct lint_yaml *y, uint32_t service)
{
    uint32_t node = yaml_member(y->t, service, "image");
    const char *image = yaml_string(y->t, node);
    const char *text = image;
    char name[64];

    if (node == YAML_NONE || lint_yaml_is_null(y, node)) {
        if (yaml_member(y->t, service, "build") == YAML_NONE) {
            lint_yaml_add(y, LINT_NO_IMAGE, service, "it names no image");
        }
    } else if (y->t->node[node].kind != YAML_KIND_SCALAR) {
        lint_yaml_add(y, LINT_SHAPE, node, "the image is no text");
    } else if (lint_yaml_variable(&text, name)) {
        lint_yaml_add(y, LINT_IMAGE_VARIABLE, node,
                      "$%.30s of the environment decides which image runs",
                      name);
    } else if (!has_digest(image)) {
        lint_yaml_add(y, LINT_NO_DIGEST, node,
                      "'%.60s' names no digest: whoever runs the registry "
                      "decides what runs",
                      image);
        if (is_latest(image)) {
            lint_yaml_add(y, LINT_LATEST, node, "'%.60s' is whatever is newest",
                          image);
        }
    }
}
