/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * seed_openssl.c - the seed in WebAssembly: a provider with one algorithm of
 * the kind "random", over the host's octets. OpenSSL is built without a source
 * of its own there, so that what does not ask this one fails.
 */
#include "crypto/seed_openssl.h"

#if defined(__wasi__)

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "crypto/host_random.h"

#define NAME      "assay-seed"
#define STRENGTH  1024u /* bits; as good as the host's source */
#define MAX_BYTES 4096u

/* --- the algorithm: provider-rand(7) ------------------------------------ */

/* The host is asked each time: there is no state but whether it was begun. */
struct source {
    int state;
};

static void *
source_new(void *provider, void *parent, const OSSL_DISPATCH *parent_calls)
{
    struct source *s = OPENSSL_zalloc(sizeof(*s));

    (void)provider;
    (void)parent_calls;
    if (s != NULL && parent != NULL) { /* nothing is above it */
        OPENSSL_free(s);
        return NULL;
    }
    if (s != NULL) {
        s->state = EVP_RAND_STATE_UNINITIALISED;
    }
    return s;
}

static void
source_free(void *source)
{
    OPENSSL_free(source);
}

static int
source_instantiate(void *source, unsigned strength, int resistance,
                   const unsigned char *text, size_t len,
                   const OSSL_PARAM params[])
{
    struct source *s = source;

    (void)strength;
    (void)resistance;
    (void)text;
    (void)len;
    (void)params;
    s->state = EVP_RAND_STATE_READY;
    return 1;
}

static int
source_uninstantiate(void *source)
{
    struct source *s = source;

    s->state = EVP_RAND_STATE_UNINITIALISED;
    return 1;
}

static int
source_generate(void *source, unsigned char *out, size_t n, unsigned strength,
                int resistance, const unsigned char *more, size_t len)
{
    const struct source *s = source;

    (void)resistance;
    (void)more;
    (void)len;
    return s->state == EVP_RAND_STATE_READY && strength <= STRENGTH &&
           n <= MAX_BYTES && assay_host_random(out, n);
}

/* entropy: bits. 0: there is no seed. */
static size_t
source_get_seed(void *source, unsigned char **out, int entropy, size_t min,
                size_t max, int resistance, const unsigned char *more,
                size_t len)
{
    const struct source *s = source;
    size_t n = entropy > 0 ? ((size_t)entropy + 7) / 8 : 0;
    unsigned char *seed;

    (void)resistance;
    (void)more;
    (void)len;
    n = n < min ? min : n;
    if (s->state != EVP_RAND_STATE_READY || n == 0 || n > max ||
        n > MAX_BYTES) {
        return 0;
    }
    seed = OPENSSL_malloc(n);
    if (seed == NULL || !assay_host_random(seed, n)) {
        OPENSSL_free(seed);
        return 0;
    }
    *out = seed;
    return n;
}

static void
source_clear_seed(void *source, unsigned char *seed, size_t n)
{
    (void)source;
    OPENSSL_clear_free(seed, n);
}

static int
source_get_params(void *source, OSSL_PARAM params[])
{
    const struct source *s = source;
    OSSL_PARAM *p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE);

    if (p != NULL && OSSL_PARAM_set_int(p, s->state) != 1) {
        return 0;
    }
    p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH);
    if (p != NULL && OSSL_PARAM_set_uint(p, STRENGTH) != 1) {
        return 0;
    }
    p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);
    return p == NULL || OSSL_PARAM_set_size_t(p, MAX_BYTES) == 1;
}

static const OSSL_PARAM *
source_gettable(void *source, void *provider)
{
    static const OSSL_PARAM known[] = {
        OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, NULL),
        OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, NULL),
        OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, NULL),
        OSSL_PARAM_END,
    };

    (void)source;
    (void)provider;
    return known;
}

#define CALL(id, function) {(id), (void (*)(void))(function)}

static const OSSL_DISPATCH source_calls[] = {
    CALL(OSSL_FUNC_RAND_NEWCTX, source_new),
    CALL(OSSL_FUNC_RAND_FREECTX, source_free),
    CALL(OSSL_FUNC_RAND_INSTANTIATE, source_instantiate),
    CALL(OSSL_FUNC_RAND_UNINSTANTIATE, source_uninstantiate),
    CALL(OSSL_FUNC_RAND_GENERATE, source_generate),
    CALL(OSSL_FUNC_RAND_GET_SEED, source_get_seed),
    CALL(OSSL_FUNC_RAND_CLEAR_SEED, source_clear_seed),
    CALL(OSSL_FUNC_RAND_GET_CTX_PARAMS, source_get_params),
    CALL(OSSL_FUNC_RAND_GETTABLE_CTX_PARAMS, source_gettable),
    OSSL_DISPATCH_END,
};

/* --- the provider: provider(7) ------------------------------------------ */

static const OSSL_ALGORITHM *
query(void *provider, int operation, int *no_cache)
{
    static const OSSL_ALGORITHM random[] = {
        {NAME, "provider=" NAME, source_calls, "octets of the host"},
        {NULL, NULL, NULL, NULL},
    };

    (void)provider;
    *no_cache = 0;
    return operation == OSSL_OP_RAND ? random : NULL;
}

static const OSSL_DISPATCH provider_calls[] = {
    CALL(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
    OSSL_DISPATCH_END,
};

static int
start(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core,
      const OSSL_DISPATCH **calls, void **provider)
{
    (void)core;
    *calls = provider_calls;
    *provider = (void *)(uintptr_t)handle;
    return 1;
}

/* Both generators of this context, and the one above them, are seeded here: a
 * host without random octets is found out before anything else is done. */
static bool
try_it(OSSL_LIB_CTX *lib)
{
    unsigned char probe[32];
    bool good = RAND_bytes_ex(lib, probe, sizeof(probe), 0) == 1 &&
                RAND_priv_bytes_ex(lib, probe, sizeof(probe), 0) == 1;

    OPENSSL_cleanse(probe, sizeof(probe));
    return good;
}

bool
assay_seed_start(OSSL_LIB_CTX *lib, OSSL_PROVIDER **source)
{
    *source = NULL;
    if (OSSL_PROVIDER_add_builtin(lib, NAME, start) != 1) {
        return false;
    }
    *source = OSSL_PROVIDER_load(lib, NAME);
    return *source != NULL &&
           RAND_set_seed_source_type(lib, NAME, "provider=" NAME) == 1 &&
           try_it(lib);
}

#else

/* OpenSSL asks the system. */
bool
assay_seed_start(OSSL_LIB_CTX *lib, OSSL_PROVIDER **source)
{
    (void)lib;
    *source = NULL;
    return true;
}

#endif
