/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lint_yaml.h - what the files that look at a docker-compose file share.
 */
#pragma once

#include "lint.h"
#include "yaml_tree.h"

struct lint_yaml {
    struct lint *l;
    const struct yaml_tree *t;
    const char *where; /* what places start with */
    const struct lint_envs *envs;
};

/* A finding at the place of a node; the message starts with its path
 * ("services.web.image: "). */
void lint_yaml_add(const struct lint_yaml *y, enum lint_code code,
                   uint32_t node, const char *fmt, ...) ASSAY_PRINTF(4, 5);
/* Anything but a clear no: programs read more words than one as yes, and a
 * variable may become one. */
bool lint_yaml_is_true(const struct lint_yaml *y, uint32_t node);
/* A scalar that says nothing. */
bool lint_yaml_is_null(const struct lint_yaml *y, uint32_t node);
/* The next variable that docker-compose would put in ("$NAME", "${NAME...}"),
 * from *text on, which moves behind its name. "$$" is a dollar sign. */
bool lint_yaml_variable(const char **text, char name[64]);

/* Where programs read the YAML in different ways. */
void lint_yaml_ambiguities(const struct lint_yaml *y);
/* Of a service: which image it runs. */
void lint_yaml_image(const struct lint_yaml *y, uint32_t service);
/* Where a value of the environment decides more than the environment. */
void lint_yaml_variables(const struct lint_yaml *y);
/* Names of the environment that decide which code runs ("LD_PRELOAD"). */
bool lint_env_runs_code(const char *name);
