/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * curl_load.c - libcurl, loaded when the first fetch happens.
 */
#include "io/curl_load.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"

#define LIBRARY "libcurl.so.4"

static struct assay_curl loaded;
static bool usable;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const struct {
    const char *symbol;
    size_t at; /* offset of the pointer in struct assay_curl */
} symbols[] = {
    {"curl_global_init", offsetof(struct assay_curl, global_init)},
    {"curl_easy_init", offsetof(struct assay_curl, easy_init)},
    {"curl_easy_setopt", offsetof(struct assay_curl, easy_setopt)},
    {"curl_easy_perform", offsetof(struct assay_curl, easy_perform)},
    {"curl_easy_getinfo", offsetof(struct assay_curl, easy_getinfo)},
    {"curl_easy_cleanup", offsetof(struct assay_curl, easy_cleanup)},
    {"curl_easy_strerror", offsetof(struct assay_curl, easy_strerror)},
};

/* The handle is never closed: libcurl's libraries do not all survive being
 * unloaded. */
static void
load(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL) {
        return;
    }
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        void *address = dlsym(library, symbols[i].symbol);
        if (address == NULL) {
            return;
        }
        /* ISO C has no conversion from void * to a function pointer; POSIX
         * promises that they have the same representation. */
        memcpy((char *)&loaded + symbols[i].at, &address, sizeof(address));
    }
    usable = loaded.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

const struct assay_curl *
assay_curl_get(struct assay_error *err)
{
    pthread_once(&once, load);
    if (!usable) {
        assay_fail(err, ASSAY_UNSUPPORTED, ASSAY_NO_OFFSET,
                   "fetching needs the library " LIBRARY
                   ", which cannot be loaded");
        return NULL;
    }
    return &loaded;
}
