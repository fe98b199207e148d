/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * yaml_load.c - libyaml, loaded when the first YAML is read.
 */
#include "yaml_load.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"

#define LIBRARY "libyaml-0.so.2"

static const struct {
    const char *symbol;
    size_t at; /* offset of the pointer in struct yaml_library */
} symbols[] = {
    {"yaml_parser_initialize",
     offsetof(struct yaml_library, parser_initialize)},
    {"yaml_parser_set_encoding",
     offsetof(struct yaml_library, parser_set_encoding)},
    {"yaml_parser_set_input_string",
     offsetof(struct yaml_library, parser_set_input_string)},
    {"yaml_parser_parse", offsetof(struct yaml_library, parser_parse)},
    {"yaml_parser_delete", offsetof(struct yaml_library, parser_delete)},
    {"yaml_event_delete", offsetof(struct yaml_library, event_delete)},
};

static bool
load(struct yaml_library *to)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL) {
        return false;
    }
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        void *address = dlsym(library, symbols[i].symbol);

        if (address == NULL) {
            return false;
        }
        /* ISO C has no conversion from void * to a function pointer; POSIX
         * promises that they have the same representation. */
        memcpy((char *)to + symbols[i].at, &address, sizeof(address));
    }
    return true;
}

const struct yaml_library *
yaml_library_get(struct assay_error *err)
{
    static struct yaml_library loaded;
    static bool usable;

    usable = usable || load(&loaded);
    if (!usable) {
        assay_fail(err, ASSAY_UNSUPPORTED, ASSAY_NO_OFFSET,
                   "reading YAML needs the library " LIBRARY
                   " (Debian: libyaml-0-2), which cannot be loaded");
        return NULL;
    }
    return &loaded;
}
