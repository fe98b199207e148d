/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * head.c - the heads of requests.
 */
#include "http1/http1.h"
#include "state.h"

/* The one head that is being written: with credentials, so that it is wiped as
 * soon as it was handed over. */
static struct assay_buf head = {.max = ASSAY_HTTP1_HEAD_MAX_BYTES};
static bool begun; /* and nothing of it was refused */

static void
end(void)
{
    begun = false;
    assay_buf_free(&head);
}

static int32_t
done(const struct assay_error *err)
{
    if (err->code != ASSAY_OK) {
        end();
        return js_failed(err);
    }
    return ASSAY_OK;
}

static int32_t
refuse_order(void)
{
    return js_refuse(ASSAY_INVALID, "head: it was not begun, or was refused");
}

int32_t
js_head_begin(const uint8_t *method, uint32_t method_len, const uint8_t *target,
              uint32_t target_len)
{
    struct assay_error err = {.code = ASSAY_OK};
    struct assay_slice m;
    struct assay_slice t;

    js_clear();
    end();
    if (!js_octets(method, method_len, &m) ||
        !js_octets(target, target_len, &t)) {
        return js_error_code();
    }
    begun = true;
    (void)!assay_http1_put_request(&head, m, t, &err);
    return done(&err);
}

int32_t
js_head_field(const uint8_t *name, uint32_t name_len, const uint8_t *value,
              uint32_t value_len)
{
    struct assay_error err = {.code = ASSAY_OK};
    struct assay_slice n;
    struct assay_slice v;

    js_clear();
    if (!begun) {
        return refuse_order();
    }
    if (!js_octets(name, name_len, &n) || !js_octets(value, value_len, &v)) {
        end();
        return js_error_code();
    }
    (void)!assay_http1_put_field(&head, n, v, &err);
    return done(&err);
}

int32_t
js_head_end(void)
{
    struct assay_error err = {.code = ASSAY_OK};

    js_clear();
    if (!begun) {
        return refuse_order();
    }
    assay_http1_put_end(&head);
    if (assay_buf_check(&head, "head", &err) != ASSAY_OK) {
        return done(&err);
    }
    assay_buf_add(js_text(), assay_buf_slice(&head));
    end();
    return js_text_done("head");
}
