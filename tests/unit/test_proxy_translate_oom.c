/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_translate_oom.c - a translation that gets no memory says so.
 */
#include <stdio.h>

#include "harness/oom.h"
#include "harness/translate.h"

static const char request[] =
    "{\"model\":\"m\",\"stream\":true,\"instructions\":\"i\",\"input\":["
    "{\"role\":\"developer\",\"content\":\"d\"},"
    "{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"a\"},"
    "{\"type\":\"input_image\",\"image_url\":\"u\"}]},"
    "{\"role\":\"assistant\",\"content\":\"b\"},"
    "{\"type\":\"function_call\",\"call_id\":\"1\",\"name\":\"f\","
    "\"namespace\":\"n\",\"arguments\":\"{\\\"x\\\":1}\"},"
    "{\"type\":\"custom_tool_call\",\"call_id\":\"2\",\"name\":\"c\","
    "\"input\":\"x\"},"
    "{\"type\":\"function_call_output\",\"call_id\":\"1\",\"output\":["
    "{\"type\":\"input_image\",\"image_url\":\"u\"}]}],"
    "\"tools\":[{\"type\":\"namespace\",\"name\":\"n\",\"tools\":[{\"type\":"
    "\"function\",\"name\":\"f\"}]},{\"type\":\"custom\",\"name\":\"c\"}],"
    "\"tool_choice\":\"auto\",\"metadata\":{\"a\":\"b\"}}";

/* Longer than what a buffer begins with. */
#define LONG                                                                   \
    "a text that is longer than sixty-four octets, so that buffers need more " \
    "of them, and then some"

static const char stream[] =
    "data: {\"model\":\"" LONG "\",\"choices\":[{\"delta\":{"
    "\"reasoning\":\"" LONG "\",\"content\":\"\xe2\x80\xa8" LONG "\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"1\","
    "\"function\":{\"name\":\"n__f\",\"arguments\":\"" LONG "\"}},"
    "{\"index\":1,\"id\":\"2\",\"function\":{\"name\":\"c\",\"arguments\":"
    "\"{\\\"input\\\":\\\"\\n\\\"}\"}}]},\"finish_reason\":\"stop\"}]}\n\n"
    "data: [DONE]\n\n";

static const char object[] =
    "{\"model\":\"s\",\"choices\":[{\"message\":{\"content\":\"" LONG "\"},"
    "\"finish_reason\":\"stop\"}]}";

static const char failed[] = "{\"detail\":\"" LONG "\"}";

static const struct {
    const char *name;
    unsigned status;
    const char *type;
    const char *body;
} rows[] = {
    {"stream", 200, "text/event-stream", stream},
    {"object", 200, "application/json", object},
    {"error", 500, "application/json", failed},
};

/* Both halves; the code of the first that fails. */
static enum assay_code
exchange(size_t row, struct assay_buf *chat, struct assay_buf *to)
{
    struct translation *t = NULL;
    struct assay_error err;

    if (translation_new(assay_slice_of(request), TRANSLATE_ID, TRANSLATE_NOW_S,
                        chat, &t, &err) != ASSAY_OK) {
        assert_null(t);
        assert_int_equal(chat->len, 0);
        return err.code;
    }
    (void)translation_begin(t, rows[row].status,
                            assay_slice_of(rows[row].type));
    if (translation_feed(t, assay_slice_of(rows[row].body), to, &err) ==
        ASSAY_OK) {
        (void)!translation_end(t, false, to, &err);
    }
    /* An error of the server has no events. */
    assert_true(rows[row].status == 200 ||
                assay_slice_find(assay_buf_slice(to), "event:") ==
                    ASSAY_NO_OFFSET);
    translation_free(t);
    return err.code;
}

static void
check(size_t row, void (*begin)(long n))
{
    bool refused = true;

    for (long n = 0; refused; n++) {
        struct assay_buf chat;
        struct assay_buf to;
        enum assay_code code;

        assay_buf_init(&chat, SIZE_MAX);
        assay_buf_init(&to, SIZE_MAX);
        begin(n);
        code = exchange(row, &chat, &to);
        refused = oom_stop();
        CHECK(rows[row].name, code == (refused ? ASSAY_NO_MEMORY : ASSAY_OK));
        assay_buf_free(&chat);
        assay_buf_free(&to);
    }
}

/* From one on all fail; or only that one, which must not be forgotten. */
static void
every_allocation(void **state)
{
    (void)state;
    for (size_t row = 0; row < COUNT_OF(rows); row++) {
        check(row, oom_fail_after);
        check(row, oom_fail_once);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
