/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * certificate.h - certificates and keys in files, as assay-bridge reads them.
 */
#pragma once

#include "harness/folder.h"
#include "harness/tls_peer.h"
#include "programs/bridge/certificate.h"

#define CERTIFICATE_PATH_BYTES 64u

static char certificate_folder[] = "/tmp/assay-certificate-XXXXXX";

static inline int
certificate_setup(void **state)
{
    return mkdtemp(certificate_folder) != NULL ? tls_setup(state) : -1;
}

static inline int
certificate_teardown(void **state)
{
    folder_clear(certificate_folder);
    (void)rmdir(certificate_folder);
    return tls_teardown(state);
}

static inline void
certificate_path(const char *name, char path[CERTIFICATE_PATH_BYTES])
{
    snprintf(path, CERTIFICATE_PATH_BYTES, "%s/%s", certificate_folder, name);
}

/* The text is freed. */
static inline void
certificate_write(const char *name, struct assay_buf *text)
{
    char path[CERTIFICATE_PATH_BYTES];
    FILE *f;

    certificate_path(name, path);
    f = fopen(path, "we");
    if (f == NULL) {
        abort(); /* an analyser knows that this does not return */
    }
    if (text->len > 0) {
        assert_int_equal(fwrite(text->ptr, 1, text->len, f), text->len);
    }
    assert_int_equal(fclose(f), 0);
    assay_buf_free(text);
}

static inline void
certificate_write_chain(const char *name, const X509 *leaf, const X509 *middle)
{
    struct assay_buf text = new_text();

    add_cert_pem(&text, leaf);
    if (middle != NULL) {
        add_cert_pem(&text, middle);
    }
    certificate_write(name, &text);
}

static inline void
certificate_write_key(const char *name, EVP_PKEY *key, const char *passphrase)
{
    struct assay_buf text = new_text();

    add_key_pem(&text, key, passphrase);
    certificate_write(name, &text);
}

/* That of the world's leaf. */
static inline struct certificate *
certificate_of_world(void)
{
    char chain[CERTIFICATE_PATH_BYTES];
    char key[CERTIFICATE_PATH_BYTES];
    struct certificate *c = NULL;
    struct assay_error err;

    certificate_write_chain("world.pem", world.leaf.cert, world.middle.cert);
    certificate_write_key("world.key", world.leaf.key, NULL);
    certificate_path("world.pem", chain);
    certificate_path("world.key", key);
    if (certificate_read(chain, key, NOW_S, &c, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return c;
}
