/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * files.c - see files.h.
 */
#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"

enum assay_code
sim_path(const char *dir, const char *name, char out[SIM_PATH_MAX],
         struct assay_error *err)
{
    int len = snprintf(out, SIM_PATH_MAX, "%s/%s", dir, name);

    if (len < 0 || (size_t)len >= SIM_PATH_MAX) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "the path of %s is too long", name);
    }
    return ASSAY_OK;
}

enum assay_code
sim_socket(const char *dir, const char *name, struct assay_address *out,
           struct assay_error *err)
{
    char path[SIM_PATH_MAX];
    enum assay_code code = sim_path(dir, name, path, err);

    memset(out, 0, sizeof(*out));
    out->is_unix = true;
    if (code == ASSAY_OK && strlen(path) > ASSAY_PATH_MAX_BYTES) {
        code = assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "the path of %s is longer than a socket's may be "
                          "(%u bytes)",
                          name, ASSAY_PATH_MAX_BYTES);
    }
    if (code == ASSAY_OK) {
        memcpy(out->path, path, strlen(path) + 1);
    }
    return code;
}

enum assay_code
sim_folder_make(const char *dir, struct assay_error *err)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "%s: %s", dir,
                          strerror(errno));
    }
    return ASSAY_OK;
}

static enum assay_code
write_file(const char *dir, const char *name, struct assay_buf *content,
           struct assay_error *err)
{
    char path[SIM_PATH_MAX];
    enum assay_code code = assay_buf_check(content, name, err);

    if (code == ASSAY_OK) {
        code = sim_path(dir, name, path, err);
    }
    if (code == ASSAY_OK) {
        code = assay_file_write(path, assay_buf_slice(content), 0644, err);
    }
    return code;
}

static void
put_bootchain(const struct mint_guest_facts *f, struct assay_json_out *j)
{
    static const char *const names[3] = {"rtmr0", "rtmr1", "rtmr2"};

    assay_json_out_open(j, "expected_bootchain", '{');
    assay_json_out_hex(j, "mrtd", ASSAY_SLICE(f->mrtd));
    for (size_t i = 0; i < 3; i++) {
        assay_json_out_hex(j, names[i], ASSAY_SLICE(f->rtmr[i]));
    }
    assay_json_out_close(j, '}');
}

/* A policy that this platform meets as it starts, and that names everything of
 * it. Without an os-image-hash event there is something it cannot ask for, so
 * that it is partial; only one that is not may do without a CA. */
static void
put_policy(const struct sim *s, const char *pccs, struct assay_buf *to)
{
    const struct mint_guest_facts *f =
        mint_guest_facts(mint_machine_guest(s->machine));
    struct assay_json_out j;

    assay_json_out_init(&j, to, false);
    assay_json_out_open(&j, NULL, '{');
    assay_json_out_text(&j, "type", "dstack_tdx");
    assay_json_out_open(&j, "allowed_tcb_status", '[');
    assay_json_out_text(&j, NULL, "UpToDate");
    assay_json_out_close(&j, ']');
    put_bootchain(f, &j);
    assay_json_out_hex(&j, "compose_hash", ASSAY_SLICE(f->compose_hash));
    if (f->has_os_image_event) {
        assay_json_out_hex(&j, "os_image_hash", ASSAY_SLICE(f->os_image_hash));
        assay_json_out_bool(&j, "accept_self_signed_certs", true);
    } else {
        assay_json_out_bool(&j, "partial", true);
    }
    assay_json_out_text(&j, "pccs_url", pccs);
    assay_json_out_bool(&j, "cache_collateral", false);
    assay_json_out_string(
        &j, "trusted_root",
        mint_world_root_pem(mint_machine_world(s->machine, MINT_MACHINE_TDX)));
    assay_json_out_close(&j, '}');
    assay_buf_add_text(to, "\n");
}

static void
put_place(struct assay_json_out *j, const char *member, const char *dir,
          const char *name)
{
    struct assay_buf path;

    assay_buf_init(&path, SIM_PATH_MAX);
    assay_buf_printf(&path, "%s/%s", dir, name);
    assay_json_out_string(j, member, assay_buf_slice(&path));
    assay_buf_free(&path);
}

static void
put_ready(const struct sim *s, const char *pccs, struct assay_buf *to)
{
    struct assay_json_out j;

    assay_json_out_init(&j, to, false);
    assay_json_out_open(&j, NULL, '{');
    assay_json_out_text(&j, "pccs", pccs);
    put_place(&j, "guest", s->o->dir, SIM_GUEST_SOCKET);
    put_place(&j, "control", s->o->dir, SIM_CONTROL_SOCKET);
    put_place(&j, "root", s->o->dir, "root.pem");
    put_place(&j, "policy", s->o->dir, "policy.json");
    sim_write_facts(s, &j);
    assay_json_out_close(&j, '}');
    assay_buf_add_text(to, "\n");
}

enum assay_code
sim_files_write(const struct sim *s, const char *pccs, struct assay_error *err)
{
    struct assay_buf root;
    struct assay_buf policy;
    struct assay_buf ready;
    enum assay_code code;

    assay_buf_init(&root, MINT_TEXT_MAX);
    assay_buf_init(&policy, MINT_TEXT_MAX);
    assay_buf_init(&ready, MINT_TEXT_MAX);
    assay_buf_add(&root, mint_world_root_pem(
                             mint_machine_world(s->machine, MINT_MACHINE_TDX)));
    put_policy(s, pccs, &policy);
    put_ready(s, pccs, &ready);
    code = write_file(s->o->dir, "root.pem", &root, err);
    if (code == ASSAY_OK) {
        code = write_file(s->o->dir, "policy.json", &policy, err);
    }
    if (code == ASSAY_OK) {
        code = write_file(s->o->dir, SIM_READY_FILE, &ready, err);
    }
    assay_buf_free(&ready);
    assay_buf_free(&policy);
    assay_buf_free(&root);
    return code;
}

void
sim_files_withdraw(const char *dir)
{
    char path[SIM_PATH_MAX];
    struct assay_error err;

    assay_error_clear(&err);
    if (sim_path(dir, SIM_READY_FILE, path, &err) == ASSAY_OK) {
        (void)unlink(path);
    }
}
