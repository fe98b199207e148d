/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ciphers.c - the ciphers of TLS 1.3 by the OpenSSL that is in assay.wasm, for
 * node:wasi: which one it is that clients should name first.
 *
 * usage: ciphers: decrypts records of 16 KiB, and writes MiB/s as JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/evp.h>

#define RECORD_BYTES 16384
#define TAG_BYTES    16
#define BATCH        8   /* records */
#define ROUNDS       300 /* of which the best one counts */

static unsigned char in[RECORD_BYTES];
static unsigned char out[RECORD_BYTES];

static void
must(int good, const char *what)
{
    if (good != 1) {
        (void)fprintf(stderr, "ciphers: %s failed\n", what);
        exit(1);
    }
}

static double
now_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* As TLS does it, but for the last step: its tag is not that of zeros. */
static void
decrypt(EVP_CIPHER_CTX *ctx)
{
    static const unsigned char nonce[12];
    static const unsigned char head[5];
    static unsigned char tag[TAG_BYTES];
    int n;

    must(EVP_DecryptInit_ex2(ctx, NULL, NULL, nonce, NULL), "the nonce");
    must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag),
         "the tag");
    must(EVP_DecryptUpdate(ctx, NULL, &n, head, sizeof(head)), "the head");
    must(EVP_DecryptUpdate(ctx, out, &n, in, RECORD_BYTES), "the record");
    must(EVP_DecryptFinal_ex(ctx, out, &n) != 1, "to notice a wrong tag");
}

static double
measure(const char *name)
{
    static const unsigned char key[32];
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    double best = 0;

    must(cipher != NULL && ctx != NULL &&
             EVP_DecryptInit_ex2(ctx, cipher, key, NULL, NULL) == 1,
         name);
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now_s();
        double took;

        for (int i = 0; i < BATCH; i++) {
            decrypt(ctx);
        }
        took = now_s() - begin;
        best = round == 0 || took < best ? took : best;
    }
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return BATCH * RECORD_BYTES / best / (1 << 20);
}

int
main(void)
{
    (void)printf("{\"aes_128_gcm\": %.1f, ", measure("AES-128-GCM"));
    (void)printf("\"aes_256_gcm\": %.1f, ", measure("AES-256-GCM"));
    (void)printf("\"chacha20_poly1305\": %.1f}\n",
                 measure("ChaCha20-Poly1305"));
    return 0;
}
