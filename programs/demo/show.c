/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * show.c - see show.h.
 */
#include "show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json_out.h"

#define JSON_MAX_BYTES (256u * 1024u)
#define HEX_SHOWN      8u  /* digits of a long number that are shown */
#define HEX_LONG       24u /* digits from which on a number is long */
#define LINE_COLUMNS   79u
#define INDENT         "    "

enum colour { PLAIN, BOLD, GREEN, RED };

static const char *
paint(const struct show *v, enum colour c)
{
    static const char *const codes[] = {"\033[0m", "\033[1m", "\033[32m",
                                        "\033[1;31m"};

    return v->colour ? codes[c] : "";
}

/* --- text --------------------------------------------------------------- */

/* Long hex numbers say nothing to a reader. */
static void
shorten_hex(const char *from, char *to, size_t size)
{
    size_t n = 0;

    while (*from != '\0' && n + HEX_SHOWN + 4 < size) {
        size_t digits = strspn(from, "0123456789abcdef");

        if (digits >= HEX_LONG) {
            n += (size_t)snprintf(to + n, size - n, "%.*s...", (int)HEX_SHOWN,
                                  from);
            from += digits;
        } else {
            to[n++] = *from++;
        }
    }
    to[n] = '\0';
}

/* Breaks between words; `column` is where the first one starts. */
static void
put_wrapped(const char *text, size_t column)
{
    bool first = true;

    while (*text != '\0') {
        size_t word = strcspn(text, " ");

        if (!first && column + 1 + word > LINE_COLUMNS) {
            printf("\n" INDENT);
            column = sizeof(INDENT) - 1;
        } else if (!first) {
            putchar(' ');
            column++;
        }
        printf("%.*s", (int)word, text);
        column += word;
        first = false;
        text += word;
        text += strspn(text, " ");
    }
    putchar('\n');
}

/* "check: words" without the check, which is named already. */
static const char *
words_of(const struct outcome *o)
{
    size_t n = strlen(o->by);

    return n > 0 && strncmp(o->message, o->by, n) == 0 && o->message[n] == ':'
               ? o->message + n + 2
               : o->message;
}

static void
tell_attack(const struct show *v, const struct attack *a,
            const struct outcome *o)
{
    char words[sizeof(o->message) + 8];
    char line[sizeof(words) + 128];

    shorten_hex(words_of(o), words, sizeof(words));
    printf("  %s%s%s\n", paint(v, BOLD), a->title, paint(v, PLAIN));
    printf(INDENT);
    put_wrapped(a->did, sizeof(INDENT) - 1);
    printf(INDENT "%s%s%s ", paint(v, o->as_expected ? GREEN : RED),
           o->refused ? "REFUSED" : "NOT REFUSED", paint(v, PLAIN));
    if (o->as_expected) {
        (void)snprintf(line, sizeof(line), "by %s: %s", o->by, words);
    } else {
        (void)snprintf(line, sizeof(line), "by %s, which was due, %s%s: %s",
                       a->expects.check, o->refused ? "but by " : "",
                       o->refused ? o->by : "at all", words);
    }
    put_wrapped(line, sizeof(INDENT) - 1 + sizeof("REFUSED"));
    (void)fflush(stdout);
}

static void
tell_good(const struct show *v, const struct good *g)
{
    const char *rest = strstr(g->command, " --verdict");
    int first =
        rest != NULL ? (int)(rest - g->command) : (int)strlen(g->command);

    printf("\nAn honest server\n  $ %.*s%s%s\n", first, g->command,
           rest != NULL ? " \\\n     " : "", rest != NULL ? rest : "");
    printf("  %s%s%s: %s\n", paint(v, g->trusted ? GREEN : RED),
           g->trusted ? "TRUSTED" : "NOT TRUSTED", paint(v, PLAIN), g->summary);
    for (size_t i = 0; i < g->row_count; i++) {
        printf("    %-8s %s\n", g->rows[i].outcome, g->rows[i].title);
    }
    printf("    (%u of %u required checks passed)\n", g->passed, g->checks);
    printf("  its reply: %s\n", g->reply);
    printf("  $ %s\n  %s%s\n%s\nAttacks on the same client\n", g->again_command,
           paint(v, g->again ? GREEN : RED),
           g->again ? g->again_says : "NOT TRUSTED", paint(v, PLAIN));
    (void)fflush(stdout);
}

/* --- JSON --------------------------------------------------------------- */

static struct assay_json_out
writer(struct show *v, unsigned depth, bool need_comma)
{
    return (struct assay_json_out){
        .buf = &v->text, .depth = depth, .need_comma = need_comma};
}

static void
write_good(struct show *v, const char *name, const struct good *g)
{
    struct assay_json_out j = writer(v, 1, strcmp(name, "good") != 0);

    assay_json_out_open(&j, name, '{');
    assay_json_out_text(&j, "command", g->command);
    assay_json_out_bool(&j, "trusted", g->trusted);
    assay_json_out_text(&j, "summary", g->summary);
    assay_json_out_u64(&j, "checks_required", g->checks);
    assay_json_out_u64(&j, "checks_passed", g->passed);
    assay_json_out_text(&j, "reply", g->reply);
    assay_json_out_bool(&j, "evidence_trusted", g->again);
    assay_json_out_close(&j, '}');
}

static void
write_attack(struct show *v, const struct attack *a, const struct outcome *o)
{
    struct assay_json_out j = writer(v, 2, v->attacks > 0);

    assay_json_out_open(&j, NULL, '{');
    assay_json_out_text(&j, "name", a->name);
    assay_json_out_text(&j, "title", a->title);
    assay_json_out_bool(&j, "refused", o->refused);
    assay_json_out_bool(&j, "as_expected", o->as_expected);
    assay_json_out_text(&j, "expected", a->expects.check);
    assay_json_out_text(&j, "by", o->by[0] != '\0' ? o->by : NULL);
    assay_json_out_text(&j, "message", o->message);
    assay_json_out_close(&j, '}');
}

/* --- both --------------------------------------------------------------- */

void
show_start(struct show *v, bool json, const char *folder, bool kept)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    struct assay_json_out j;

    memset(v, 0, sizeof(*v));
    assay_buf_init(&v->text, JSON_MAX_BYTES);
    v->json = json;
    v->colour = isatty(STDOUT_FILENO) &&
                (no_color == NULL || no_color[0] == '\0') && term != NULL &&
                strcmp(term, "dumb") != 0;
    if (json) {
        assay_json_out_init(&j, &v->text, false);
        assay_json_out_open(&j, NULL, '{');
        return;
    }
    printf("A simulated TDX platform, assay-serve on it before a backend, and "
           "a client;\nall on loopback, %s %s.\n",
           kept ? "with their files in" : "in", folder);
    (void)fflush(stdout);
}

void
show_good(struct show *v, const struct good *g)
{
    struct assay_json_out j;

    if (!v->json) {
        tell_good(v, g);
        return;
    }
    write_good(v, "good", g);
    j = writer(v, 1, true);
    assay_json_out_open(&j, "attacks", '[');
}

void
show_attack(struct show *v, const struct attack *a, const struct outcome *o)
{
    if (v->json) {
        write_attack(v, a, o);
    } else {
        tell_attack(v, a, o);
    }
    v->attacks++;
    v->refused += o->as_expected;
}

static void
print_json(struct show *v)
{
    if (!v->text.failed) {
        (void)fwrite(v->text.ptr, 1, v->text.len, stdout);
    }
    putchar('\n');
    assay_buf_free(&v->text);
}

void
show_end(struct show *v, const struct good *again, uint64_t ms)
{
    struct assay_json_out j = writer(v, 2, v->attacks > 0);

    if (v->json) {
        assay_json_out_close(&j, ']');
        write_good(v, "good_again", again);
        j = writer(v, 1, true);
        assay_json_out_u64(&j, "ms", ms);
        assay_json_out_close(&j, '}');
        print_json(v);
        return;
    }
    printf("\nThe honest server again: %s%s%s\n",
           paint(v, again->trusted ? GREEN : RED),
           again->trusted ? "TRUSTED" : "NOT TRUSTED", paint(v, PLAIN));
    printf("%s%u of %u attacks refused, each by the check that is for it%s "
           "(%.1f s)\n",
           paint(v, v->refused == v->attacks ? GREEN : RED), v->refused,
           v->attacks, paint(v, PLAIN), (double)ms / 1000.0);
}

void
show_trouble(struct show *v, const struct assay_error *err)
{
    struct assay_json_out j;

    if (!v->json) {
        (void)fflush(stdout);
        (void)fprintf(stderr, "assay-demo: %s\n", err->msg);
        assay_buf_free(&v->text);
        return;
    }
    v->text.len = 0;
    assay_json_out_init(&j, &v->text, false);
    assay_json_out_open(&j, NULL, '{');
    assay_json_out_error(&j, "error", err, NULL);
    assay_json_out_close(&j, '}');
    print_json(v);
}

void
show_list(void)
{
    for (size_t i = 0; i < attack_count; i++) {
        printf("%-20s  %s\n", attacks[i].name, attacks[i].title);
    }
}
