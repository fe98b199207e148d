/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * guest_boot.c - what is measured while the TD boots.
 */
#include "base/buf.h"
#include "base/bytes.h"
#include "mint/guest_state.h"

enum payload_kind {
    MADE_UP,  /* measured: something that follows from the image */
    VERBATIM, /* measured: the payload */
};

/* TCG event types, and the order in which firmware and kernel loader extend.
 * The names are for the made-up digests; dstack tells none. */
static const struct boot_event {
    uint32_t imr;
    uint32_t type;
    enum payload_kind kind;
    const char *text;
    size_t len;
    bool acpi;
} boot_events[] = {
#define ROW(imr, type, kind, text) {imr, type, kind, text, sizeof(text) - 1, 0}
    ROW(0, 0x8000000b, MADE_UP, "td_hob"),
    ROW(0, 0x8000000a, MADE_UP, "configuration firmware volume"),
    ROW(0, 0x80000001, MADE_UP, "SecureBoot"),
    ROW(0, 0x80000001, MADE_UP, "PK"),
    ROW(0, 0x80000001, MADE_UP, "KEK"),
    ROW(0, 0x80000001, MADE_UP, "db"),
    ROW(0, 0x80000001, MADE_UP, "dbx"),
    ROW(0, 0x00000004, VERBATIM, "\0\0\0\0"),
#define ACPI(file) {0, 0x0000000a, MADE_UP, file, sizeof(file) - 1, true}
    ACPI("acpi-loader"),
    ACPI("acpi-rsdp"),
    ACPI("acpi-tables"),
#undef ACPI
    ROW(1, 0x80000003, MADE_UP, "kernel"),
    ROW(0, 0x80000002, MADE_UP, "BootOrder"),
    ROW(0, 0x80000002, MADE_UP, "Boot0000"),
    ROW(1, 0x80000007, VERBATIM, "Calling EFI Application from Boot Option"),
    ROW(1, 0x00000004, VERBATIM, "\0\0\0\0"),
    ROW(2, 0x00000006, MADE_UP, "command line"),
    ROW(2, 0x00000006, MADE_UP, "initrd"),
    ROW(1, 0x80000007, VERBATIM, "Exit Boot Services Invocation"),
    ROW(1, 0x80000007, VERBATIM, "Exit Boot Services Returned with Success"),
#undef ROW
};

/* The measurement of a part of an image. */
static enum assay_code
measure(const struct mint_guest *g, const char *image, struct assay_slice part,
        uint8_t out[ASSAY_SHA384_BYTES], struct assay_error *err)
{
    struct assay_buf text;
    enum assay_code code;

    assay_buf_init(&text, 4096);
    assay_buf_printf(&text, "assay-sim image %s: ", image);
    code = assay_buf_check(&text, "mint: image", err);
    if (code == ASSAY_OK) {
        code = mint_guest_sha384(g, assay_buf_slice(&text), part, out, err);
    }
    assay_buf_free(&text);
    return code;
}

static enum assay_code
boot_one(struct mint_guest *g, const char *image, const struct boot_event *b,
         struct assay_error *err)
{
    struct mint_guest_event e = {
        .imr = b->imr, .type = b->type, .acpi = b->acpi};
    struct assay_slice text = {(const uint8_t *)b->text, b->len};
    enum assay_code code =
        b->kind == VERBATIM
            ? mint_guest_sha384(g, text, ASSAY_EMPTY, e.digest, err)
            : measure(g, image, text, e.digest, err);

    if (code != ASSAY_OK) {
        return code;
    }
    return mint_guest_extend(g, &e, ASSAY_EMPTY,
                             b->acpi ? assay_slice_of("ACPI DATA") : text, err);
}

enum assay_code
mint_guest_boot_image(struct mint_guest *g, const char *image,
                      struct assay_error *err)
{
    enum assay_code code =
        measure(g, image, assay_slice_of("MRTD"), g->facts.mrtd, err);

    for (size_t i = 0;
         i < sizeof(boot_events) / sizeof(boot_events[0]) && code == ASSAY_OK;
         i++) {
        code = boot_one(g, image, &boot_events[i], err);
    }
    return code;
}

enum assay_code
mint_guest_boot_system(struct mint_guest *g, struct assay_error *err)
{
    const struct mint_guest_facts *f = &g->facts;
    const struct {
        const char *name;
        struct assay_slice payload;
        bool left_out;
    } events[] = {
        {"system-preparing", ASSAY_EMPTY, false},
        {"app-id", ASSAY_SLICE(f->app_id), false},
        {"compose-hash", ASSAY_SLICE(f->compose_hash), false},
        {"instance-id",
         f->has_instance_id ? ASSAY_SLICE(f->instance_id) : ASSAY_EMPTY, false},
        {"boot-mr-done", ASSAY_EMPTY, false},
        {"os-image-hash", ASSAY_SLICE(f->os_image_hash),
         !f->has_os_image_event},
        {"key-provider", f->key_provider, false},
        {"storage-fs", assay_slice_of("zfs"), false},
        {"system-ready", ASSAY_EMPTY, false},
    };
    enum assay_code code = ASSAY_OK;

    for (size_t i = 0;
         i < sizeof(events) / sizeof(events[0]) && code == ASSAY_OK; i++) {
        if (!events[i].left_out) {
            code = mint_guest_emit(g, assay_slice_of(events[i].name),
                                   events[i].payload, err);
        }
    }
    return code;
}
