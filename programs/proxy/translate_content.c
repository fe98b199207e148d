/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_content.c - what a message says: a text, or a list of parts.
 */
#include "base/bytes.h"
#include "translate_request.h"

enum part {
    PART_UNKNOWN,
    PART_TEXT,
    PART_IMAGE,
};

static const struct {
    const char *type;
    enum part part;
    const char *member; /* that has its text */
} parts[] = {
    {"input_text", PART_TEXT, "text"}, {"output_text", PART_TEXT, "text"},
    {"text", PART_TEXT, "text"},       {"refusal", PART_TEXT, "refusal"},
    {"input_image", PART_IMAGE, NULL},
};

static void
check_image(struct translate_request *r, uint32_t image)
{
    if (translate_member_of(r, image, "file_id", TRANSLATE_TYPE(STRING)) !=
        ASSAY_JSON_NONE) {
        translate_refuse(r, image, ASSAY_UNSUPPORTED,
                         "file_id: the server has no files");
    }
    (void)translate_needed(r, image, "image_url");
}

/* What the part is; *text is set for a text. */
static enum part
read_part(struct translate_request *r, uint32_t part, struct assay_slice *text)
{
    struct assay_slice type = ASSAY_EMPTY;

    if (translate_is(r, part, TRANSLATE_TYPE(OBJECT))) {
        type = translate_needed(r, part, "type");
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (assay_slice_is(type, parts[i].type)) {
            if (parts[i].part == PART_TEXT) {
                *text = translate_needed(r, part, parts[i].member);
            } else {
                check_image(r, part);
            }
            return parts[i].part;
        }
    }
    translate_refuse(
        r, part, ASSAY_UNSUPPORTED, "Chat Completions has nothing for \"%.*s\"",
        (int)(type.len < 60 ? type.len : 60), (const char *)type.ptr);
    return PART_UNKNOWN;
}

void
translate_text(struct translate_request *r, uint32_t content, const char *joint,
               struct assay_buf *to, uint32_t *images)
{
    uint32_t i = 0;
    bool first = true;

    if (assay_json_type(r->j, content) == ASSAY_JSON_STRING) {
        assay_buf_add(to, assay_json_string(r->j, content));
        return;
    }
    for (uint32_t e = assay_json_first(r->j, content);
         e != ASSAY_JSON_NONE && r->err->code == ASSAY_OK;
         e = assay_json_next(r->j, e), i++) {
        size_t up = translate_down_to(r, i);
        struct assay_slice text = ASSAY_EMPTY;
        enum part part = read_part(r, e, &text);

        if (part == PART_TEXT) {
            assay_buf_add_text(to, first ? "" : joint);
            assay_buf_add(to, text);
            first = false;
        } else if (part == PART_IMAGE && images != NULL) {
            ++*images;
        } else if (part == PART_IMAGE) {
            translate_refuse(r, e, ASSAY_UNSUPPORTED,
                             "an image can only be said by the user");
        }
        translate_up(r, up);
    }
}

/* "original" is newer than what servers check this for. */
static void
write_detail(struct translate_request *r, uint32_t image)
{
    uint32_t node =
        translate_member_of(r, image, "detail", TRANSLATE_TYPE(STRING));
    struct assay_slice detail = assay_json_string(r->j, node);

    if (node != ASSAY_JSON_NONE) {
        assay_json_out_string(&r->o, "detail",
                              assay_slice_is(detail, "original")
                                  ? assay_slice_of("high")
                                  : detail);
    }
}

static void
write_image(struct translate_request *r, uint32_t image)
{
    assay_json_out_open(&r->o, NULL, '{');
    assay_json_out_text(&r->o, "type", "image_url");
    assay_json_out_open(&r->o, "image_url", '{');
    assay_json_out_string(&r->o, "url",
                          translate_needed(r, image, "image_url"));
    write_detail(r, image);
    assay_json_out_close(&r->o, '}');
    assay_json_out_close(&r->o, '}');
}

static void
write_text(struct translate_request *r, struct assay_slice text)
{
    assay_json_out_open(&r->o, NULL, '{');
    assay_json_out_text(&r->o, "type", "text");
    assay_json_out_string(&r->o, "text", text);
    assay_json_out_close(&r->o, '}');
}

/* The parts of a list that are wanted. */
static void
write_parts(struct translate_request *r, uint32_t content, bool texts)
{
    uint32_t i = 0;

    for (uint32_t e = assay_json_first(r->j, content);
         e != ASSAY_JSON_NONE && r->err->code == ASSAY_OK;
         e = assay_json_next(r->j, e), i++) {
        size_t up = translate_down_to(r, i);
        struct assay_slice text = ASSAY_EMPTY;
        enum part part = read_part(r, e, &text);

        if (part == PART_TEXT && texts) {
            write_text(r, text);
        } else if (part == PART_IMAGE) {
            write_image(r, e);
        }
        translate_up(r, up);
    }
}

void
translate_images(struct translate_request *r, uint32_t content)
{
    if (assay_json_type(r->j, content) == ASSAY_JSON_ARRAY) {
        write_parts(r, content, false);
    }
}

/* One text is a string, which the oldest servers know. */
static bool
is_one_text(struct translate_request *r, uint32_t content)
{
    uint32_t part = assay_json_first(r->j, content);
    struct assay_slice type =
        assay_json_string(r->j, assay_json_member(r->j, part, "type"));

    return assay_json_count(r->j, content) == 1 &&
           assay_slice_is(type, "input_text");
}

void
translate_user_content(struct translate_request *r, uint32_t content)
{
    if (assay_json_type(r->j, content) == ASSAY_JSON_STRING) {
        translate_copy(&r->o, "content", r->j, content);
    } else if (is_one_text(r, content)) {
        uint32_t part = assay_json_first(r->j, content);
        size_t up = translate_down_to(r, 0);

        assay_json_out_string(&r->o, "content",
                              translate_needed(r, part, "text"));
        translate_up(r, up);
    } else {
        assay_json_out_open(&r->o, "content", '[');
        write_parts(r, content, true);
        assay_json_out_close(&r->o, ']');
    }
}
