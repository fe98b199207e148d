/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * yaml_load.h - libyaml, loaded when the first YAML is read. Only yaml_tree.c
 * includes this.
 */
#pragma once

#include <yaml.h>

#include "assay/error.h"

struct yaml_library {
    __typeof__(&yaml_parser_initialize) parser_initialize;
    __typeof__(&yaml_parser_set_encoding) parser_set_encoding;
    __typeof__(&yaml_parser_set_input_string) parser_set_input_string;
    __typeof__(&yaml_parser_parse) parser_parse;
    __typeof__(&yaml_parser_delete) parser_delete;
    __typeof__(&yaml_event_delete) event_delete;
};

/* Loads once per process; for one thread. NULL and *err (ASSAY_UNSUPPORTED) if
 * that is not possible. */
const struct yaml_library *yaml_library_get(struct assay_error *err);
