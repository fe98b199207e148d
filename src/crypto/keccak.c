/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * keccak.c - Keccak-256 over the permutation of FIPS 202, section 3, written
 * for size: what is hashed here is shorter than a block or two.
 */
#include "crypto/keccak.h"

#define LANES      25u
#define ROUNDS     24u
#define RATE_BYTES 136u /* 1600 bits less twice the digest */

/* A[x, y] of the standard is lane[x + 5 * y]. */
struct state {
    uint64_t lane[LANES];
    size_t used; /* bytes of the block that are taken in */
};

static uint64_t
rotate(uint64_t v, unsigned by)
{
    return by == 0 ? v : v << by | v >> (64 - by);
}

static void
theta(uint64_t a[LANES])
{
    uint64_t column[5];

    for (size_t x = 0; x < 5; x++) {
        column[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
    }
    for (size_t i = 0; i < LANES; i++) {
        a[i] ^= column[(i + 4) % 5] ^ rotate(column[(i + 1) % 5], 1);
    }
}

/* Both follow one path through the lanes, which begins at (1, 0) and goes
 * from (x, y) to (y, 2x + 3y). */
static void
rho_and_pi(uint64_t a[LANES])
{
    size_t x = 1;
    size_t y = 0;
    uint64_t moved = a[1];

    for (unsigned t = 0; t < 24; t++) {
        size_t to_y = (2 * x + 3 * y) % 5;
        uint64_t next;

        x = y;
        y = to_y;
        next = a[x + 5 * y];
        a[x + 5 * y] = rotate(moved, (t + 1) * (t + 2) / 2 % 64);
        moved = next;
    }
}

static void
chi(uint64_t a[LANES])
{
    for (size_t row = 0; row < LANES; row += 5) {
        uint64_t old[5];

        memcpy(old, a + row, sizeof(old));
        for (size_t x = 0; x < 5; x++) {
            a[row + x] = old[x] ^ (~old[(x + 1) % 5] & old[(x + 2) % 5]);
        }
    }
}

/* The round constant, from the shift register of section 3.2.5. */
static uint64_t
iota(uint8_t *shift)
{
    uint64_t constant = 0;

    for (unsigned j = 0; j <= 6; j++) {
        if ((*shift & 1) != 0) {
            constant |= UINT64_C(1) << ((1u << j) - 1);
        }
        *shift = (uint8_t)((*shift << 1) ^ ((*shift & 0x80) != 0 ? 0x71 : 0));
    }
    return constant;
}

static void
permute(uint64_t a[LANES])
{
    uint8_t shift = 1;

    for (unsigned round = 0; round < ROUNDS; round++) {
        theta(a);
        rho_and_pi(a);
        chi(a);
        a[0] ^= iota(&shift);
    }
}

/* Lanes are little-endian. */
static void
mix(struct state *s, size_t at, uint8_t byte)
{
    s->lane[at / 8] ^= (uint64_t)byte << (8 * (at % 8));
}

static void
absorb(struct state *s, struct assay_slice in)
{
    for (size_t i = 0; i < in.len; i++) {
        mix(s, s->used++, in.ptr[i]);
        if (s->used == RATE_BYTES) {
            permute(s->lane);
            s->used = 0;
        }
    }
}

void
assay_keccak256(const struct assay_slice *parts, size_t count,
                uint8_t out[ASSAY_KECCAK256_BYTES])
{
    struct state s = {.used = 0};

    for (size_t i = 0; i < count; i++) {
        absorb(&s, parts[i]);
    }
    mix(&s, s.used, 0x01);
    mix(&s, RATE_BYTES - 1, 0x80);
    permute(s.lane);
    for (size_t i = 0; i < ASSAY_KECCAK256_BYTES; i++) {
        out[i] = (uint8_t)(s.lane[i / 8] >> (8 * (i % 8)));
    }
}
