/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pccs.h - a PCCS on a thread of its own, which serves what a test world holds
 * and can be silent, or wait to be let go. One request a connection.
 */
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/gather.h"
#include "harness/trial.h"

struct pccs {
    pthread_t thread;
    int listener;
    char url[40];
    const char *sources[1];
    pthread_mutex_t lock; /* of `parts` */
    struct assay_collateral_parts parts;
    atomic_bool stop;
    atomic_bool down;       /* answers nothing: closes at once */
    atomic_bool hold;       /* answers nothing until this is false */
    atomic_uint requests;   /* that came, answered or not */
    atomic_uint collateral; /* whole sets: requests for TCB info */
};

/* The answer to a request that begins so. */
static inline void
pccs_answer(struct pccs *p, const char *request, struct assay_buf *out)
{
    struct gather_answer a = gather_answer_of(&p->parts, request);

    assay_buf_printf(out,
                     "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                     "Content-Length: %zu\r\n",
                     a.body.len);
    assay_buf_add(out, assay_buf_slice(&a.headers));
    assay_buf_add_text(out, "\r\n");
    assay_buf_add(out, a.body);
    assay_buf_free(&a.headers);
}

static inline void
pccs_serve(struct pccs *p, int fd)
{
    char request[2048];
    ssize_t n = recv(fd, request, sizeof(request) - 1, 0);
    struct assay_buf out;
    size_t done = 0;

    request[n > 0 ? n : 0] = '\0';
    atomic_fetch_add(&p->requests, 1);
    if (strstr(request, "/tcb?") != NULL) {
        atomic_fetch_add(&p->collateral, 1);
    }
    while (atomic_load(&p->hold) && !atomic_load(&p->stop)) {
        (void)poll(NULL, 0, 5);
    }
    if (atomic_load(&p->down) || atomic_load(&p->stop)) {
        return;
    }
    assay_buf_init(&out, 8u << 20);
    pthread_mutex_lock(&p->lock);
    pccs_answer(p, request, &out);
    pthread_mutex_unlock(&p->lock);
    while (done < out.len) {
        n = send(fd, out.ptr + done, out.len - done, MSG_NOSIGNAL);
        if (n <= 0) {
            break;
        }
        done += (size_t)n;
    }
    assay_buf_free(&out);
}

static inline void *
pccs_run(void *user)
{
    struct pccs *p = user;

    while (!atomic_load(&p->stop)) {
        struct pollfd ready = {.fd = p->listener, .events = POLLIN};
        int fd;

        if (poll(&ready, 1, 20) <= 0) {
            continue;
        }
        fd = accept(p->listener, NULL, NULL);
        if (fd >= 0) {
            pccs_serve(p, fd);
            close(fd);
        }
    }
    return NULL;
}

/* The world must outlive what is served of it. */
static inline void
pccs_serves(struct pccs *p, const struct mint_world *w)
{
    pthread_mutex_lock(&p->lock);
    p->parts = mint_world_collateral_parts(w);
    pthread_mutex_unlock(&p->lock);
}

static inline void
pccs_open(struct pccs *p, const struct mint_world *w)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    memset(p, 0, sizeof(*p));
    pthread_mutex_init(&p->lock, NULL);
    pccs_serves(p, w);
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->listener < 0) {
        fail_msg("no socket");
        return;
    }
    assert_int_equal(bind(p->listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(p->listener, 64), 0);
    assert_int_equal(getsockname(p->listener, (struct sockaddr *)&at, &len), 0);
    (void)snprintf(p->url, sizeof(p->url), "http://127.0.0.1:%u",
                   (unsigned)ntohs(at.sin_port));
    p->sources[0] = p->url;
    assert_int_equal(pthread_create(&p->thread, NULL, pccs_run, p), 0);
}

static inline void
pccs_close(struct pccs *p)
{
    atomic_store(&p->stop, true);
    pthread_join(p->thread, NULL);
    close(p->listener);
    pthread_mutex_destroy(&p->lock);
}

/* --- what the tests of a file share ------------------------------------- */

static struct assay_ctx *pccs_ctx;
static struct mint_world *pccs_world; /* all defaults */
static struct assay_root *pccs_root;
static struct assay_quote *pccs_quote;
static struct assay_collateral_need pccs_need;

static inline int
pccs_setup(void **state)
{
    static const struct mint_options o = {.seed = MINT_TEST_SEED};
    struct assay_error err;

    (void)state;
    unsetenv("http_proxy");
    pccs_ctx = trial_ctx();
    pccs_world = trial_world("world", &o);
    pccs_root = trial_root(pccs_ctx, mint_world_root_pem(pccs_world));
    pccs_quote = trial_quote(pccs_world);
    return assay_collateral_need(pccs_quote, ASSAY_EMPTY, &pccs_need, &err) !=
           ASSAY_OK;
}

static inline int
pccs_teardown(void **state)
{
    (void)state;
    assay_quote_free(pccs_quote);
    assay_root_free(pccs_root);
    mint_world_free(pccs_world);
    assay_ctx_free(pccs_ctx);
    return 0;
}
