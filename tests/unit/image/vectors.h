/* Reading the public vector files and captures, where they are present. */
#ifndef RK_TESTS_IMAGE_VECTORS_H
#define RK_TESTS_IMAGE_VECTORS_H

#include "unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
    uint8_t *data;
    size_t len;
};

/* Skips the test if the file is not there. */
static inline json_t *vectors_load(const char *name)
{
    char path[512];
    json_t *json;

    snprintf(path, sizeof path, "%s/data/%s", RK_SHARED_DIR, name);
    json = json_load_file(path, 0, NULL);
    if (!json) {
        print_message("skipped: %s is not there\n", name);
        skip();
    }
    return json;
}

static inline struct bytes bytes_of_hex(const json_t *value)
{
    const char *text = json_string_value(value);
    struct bytes out = {NULL, 0};

    assert_non_null(text);
    out.len = strlen(text) / 2;
    out.data = malloc(out.len + 1);
    assert_non_null(out.data);
    for (size_t i = 0; i < out.len; i++) {
        char digits[3] = {text[2 * i], text[2 * i + 1], 0};

        out.data[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return out;
}

/* A number that is given as a JSON integer or as text like "0x1234". */
static inline uint32_t number_of(const json_t *value)
{
    if (json_is_string(value))
        return (uint32_t)strtoul(json_string_value(value), NULL, 0);
    return (uint32_t)json_integer_value(value);
}

/* A capture by its file name; data is NULL if it is not there. */
static inline struct bytes capture_load(const char *name)
{
    char path[1024];
    struct bytes out = {NULL, 0};
    FILE *file;
    long size;

    snprintf(path, sizeof path, "%s/dumps/%s", RK_SHARED_DIR, name);
    file = fopen(path, "rb");
    if (!file)
        return out;
    if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) > 0) {
        rewind(file);
        out.data = malloc((size_t)size);
        if (out.data)
            out.len = fread(out.data, 1, (size_t)size, file);
    }
    fclose(file);
    return out;
}

#endif
