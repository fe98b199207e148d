/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * answers.c - see answers.h.
 */
#include "bench/answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"

#define LARGE_BYTES  (8u << 20)
#define STREAM_BYTES (2u << 20) /* of events */
#define EVENT_LARGE  16384u

#define CHAT "POST /v1/chat/completions"

static struct answer answers[] = {
    {"GET /large ", ANSWERS_AT_ONCE, NULL, 0},
    {CHAT " ", ANSWERS_AT_ONCE, NULL, 0},
    {CHAT "?stream=small ", ANSWERS_AT_ONCE, NULL, 0},
    {CHAT "?stream=large ", ANSWERS_AT_ONCE, NULL, 0},
    {CHAT "?stream=paced ", ANSWERS_BY_AND_BY, NULL, 0},
    {CHAT "?stream=stall ", ANSWERS_STALLED, NULL, 0},
    {"", ANSWERS_AT_ONCE, NULL, 0},
};
enum { LARGE, JSON, SSE_SMALL, SSE_LARGE, SSE_PACED, SSE_STALLED, HELLO };

static const char json[] =
    "{\"id\":\"chatcmpl-0123456789abcdef01234567\",\"object\":"
    "\"chat.completion\",\"created\":1700000000,\"model\":\"some-model\","
    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
    "\"Less than what it costs not to know.\"},\"logprobs\":null,"
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":31,"
    "\"completion_tokens\":9,\"total_tokens\":40}}";

size_t
answers_put_event(char *to, size_t size, double sent_at_ns)
{
    static const char last[] = "\"}\n\n\r\n";
    size_t head =
        (size_t)snprintf(to, ANSWERS_EVENT_MAX_BYTES, "%zx\r\n", size);
    size_t said = (size_t)snprintf(to + head, ANSWERS_EVENT_MAX_BYTES - head,
                                   ANSWERS_SENT_AT "%0*llu\",\"content\":\"",
                                   (int)ANSWERS_SENT_AT_DIGITS,
                                   (unsigned long long)sent_at_ns);
    size_t whole = head + size + 2;

    if (whole >= ANSWERS_EVENT_MAX_BYTES || said + strlen(last) > size) {
        bench_die("an event of %zu octets", size);
    }
    memset(to + head + said, 'x', size - said);
    (void)snprintf(to + whole - strlen(last), sizeof(last), "%s", last);
    return whole;
}

static FILE *
begin(struct answer *a)
{
    FILE *f = open_memstream(&a->octets, &a->len);

    if (f == NULL) {
        bench_die("out of memory");
    }
    return f;
}

static void
end(FILE *f)
{
    if (fclose(f) != 0) {
        bench_die("out of memory");
    }
}

static void
make_whole(struct answer *a, const char *type, const char *body, size_t len)
{
    FILE *f = begin(a);

    (void)fprintf(f,
                  "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
                  "Content-Length: %zu\r\n\r\n",
                  type, len);
    (void)fwrite(body, 1, len, f);
    end(f);
}

/* Of so many events. nginx is told what it has to be told of streams. */
static void
make_stream(struct answer *a, size_t count, size_t size)
{
    char event[ANSWERS_EVENT_MAX_BYTES];
    size_t len = answers_put_event(event, size, 0);
    FILE *f = begin(a);

    (void)fputs("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                "Cache-Control: no-cache\r\nX-Accel-Buffering: no\r\n"
                "Transfer-Encoding: chunked\r\n\r\n",
                f);
    for (size_t i = 0; i < count; i++) {
        (void)fwrite(event, 1, len, f);
    }
    if (a->pace == ANSWERS_AT_ONCE) {
        (void)fputs(ANSWERS_END, f);
    }
    end(f);
}

void
answers_make(void)
{
    char *large = calloc(1, LARGE_BYTES);

    if (large == NULL) {
        bench_die("out of memory");
    }
    make_whole(&answers[LARGE], "application/octet-stream", large, LARGE_BYTES);
    free(large);
    make_whole(&answers[JSON], "application/json", json, strlen(json));
    make_whole(&answers[HELLO], "text/plain", "hello world\n", 12);
    make_stream(&answers[SSE_SMALL], STREAM_BYTES / ANSWERS_SMALL_BYTES,
                ANSWERS_SMALL_BYTES);
    make_stream(&answers[SSE_LARGE], STREAM_BYTES / EVENT_LARGE, EVENT_LARGE);
    make_stream(&answers[SSE_PACED], 0, ANSWERS_SMALL_BYTES);
    make_stream(&answers[SSE_STALLED], 1, ANSWERS_SMALL_BYTES);
}

const struct answer *
answers_find(const char *request)
{
    const struct answer *a = answers;

    while (strncmp(request, a->request, strlen(a->request)) != 0) {
        a++;
    }
    return a;
}
