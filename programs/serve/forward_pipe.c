/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward_pipe.c - a request for the pipe: the target is reached first, so that
 * a status can still tell that it was not; then octets, as behind any switch
 * of protocols (forward_raw.c).
 */
#include "base/bytes.h"
#include "forward_state.h"

struct exchange *
forward_ask_target(const struct forward *f, const struct forward_client *client,
                   void (*changed)(void *user), void *user)
{
    return exchange_new_raw(f->options->pipe, client->peer, client->local,
                            changed, user);
}

static const struct assay_refusal *
say_unreachable(const struct forward *f)
{
    static const struct assay_refusal gone = {
        .status = 502,
        .code = "bad_gateway",
        .message = "the target of the pipe could not be reached",
        .hint = "the server's log says why: does it listen, at the address of "
                "--pipe?",
    };
    static const struct assay_refusal late = {
        .status = 504,
        .code = "timeout",
        .message = "the target of the pipe could not be reached in time",
        .hint = "does it listen, at the address of --pipe?",
    };
    const struct assay_error *why = exchange_error(f->exchange);

    forward_warn(f, "pipe failed", why);
    return why->code == ASSAY_TIMEOUT ? &late : &gone;
}

const struct assay_refusal *
forward_open_pipe(struct forward *f)
{
    static const char switching[] = "HTTP/1.1 101 Switching Protocols\r\n"
                                    "Connection: upgrade\r\n"
                                    "Upgrade: " ASSAY_PIPE_PROTOCOL "\r\n\r\n";
    struct assay_error err;

    switch (exchange_state(f->exchange)) {
    case EXCHANGE_RAW:
    case EXCHANGE_DONE: /* it has hung up already: as good as a short stream */
        if (assay_server_respond(f->session, assay_slice_of(switching), &err) ==
            ASSAY_OK) {
            forward_switch(f);
        } else {
            f->state = FORWARD_CUT;
        }
        return NULL;
    case EXCHANGE_FAILED:
        return say_unreachable(f);
    case EXCHANGE_WAITING:
    case EXCHANGE_HEAD:
    case EXCHANGE_BODY:
        break;
    }
    return NULL;
}
