/* The files inside: OpenBeken's LittleFS, listed and copied out. */
#include "inside.h"

#include "base/text.h"
#include "store/file.h"

#include <rekindle/littlefs.h>

#include <stdlib.h>
#include <string.h>

struct copy {
    struct inside *in;
    const struct rk_littlefs *fs;
    const char *folder;
    uint32_t files, skipped;
};

/* True if a path of the file system can be one below a folder: no way out of it, no special name. */
static bool is_tame(const char *path)
{
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        size_t n = strcspn(part, "/");
        if (n == 0 || strncmp(part, "..", n) == 0)
            return false;
    }
    return strpbrk(path, "\\:*?\"<>|") == NULL;
}

/* Makes the folders above a file, from the outside in. */
static enum rk_status make_folders(struct copy *c, const char *path)
{
    char name[1200];
    enum rk_status st = rk_file_make_folder(c->folder, &c->in->cli->err);

    for (const char *cut = strchr(path, '/'); cut && st == RK_OK; cut = strchr(cut + 1, '/')) {
        rk_text_format(name, sizeof name, "%s/%.*s", c->folder, (int)(cut - path), path);
        st = rk_file_make_folder(name, &c->in->cli->err);
    }
    return st;
}

static enum rk_status copy_file(struct copy *c, const struct rk_littlefs_file *file, size_t index)
{
    struct rk_error *err = &c->in->cli->err;
    char name[1200], line[600];
    uint8_t *bytes = NULL;
    size_t len = 0;

    if (!file->intact || !is_tame(file->path)) {
        rk_text_format(line, sizeof line, "%s is left out: %s", file->path,
                       file->intact ? "it cannot be a file name here" : "it is damaged");
        output_warning(&c->in->cli->out, "", "files.skipped", line);
        c->skipped++;
        return RK_OK;
    }
    rk_text_format(name, sizeof name, "%s/%s", c->folder, file->path);
    enum rk_status st = make_folders(c, file->path);
    if (st == RK_OK)
        st = rk_littlefs_read(c->fs, index, &bytes, &len, err);
    /* A start-up script may hold passwords. */
    if (st == RK_OK)
        st = rk_file_write(name, bytes, len, !option_on(&c->in->cli->in, "overwrite"), true, err);
    free(bytes);
    c->files += st == RK_OK;
    return st;
}

static enum rk_status copy_all(struct copy *c, const char *only)
{
    const struct rk_littlefs_file *files;
    size_t count = rk_littlefs_files(c->fs, &files);
    enum rk_status st = RK_OK;
    char line[200];

    for (size_t i = 0; i < count && st == RK_OK; i++)
        if (!files[i].folder && (!only || strcmp(files[i].path, only) == 0))
            st = copy_file(c, &files[i], i);
    if (st != RK_OK)
        return st;
    rk_text_format(line, sizeof line, "%u file%s copied to %s", (unsigned)c->files,
                   c->files == 1 ? "" : "s", c->folder);
    output_story(&c->in->cli->out, "", "files", line);
    return RK_OK;
}

static enum rk_status find_file(struct inside *in, const struct rk_littlefs *fs, const char *path,
                                size_t *index)
{
    const struct rk_littlefs_file *files;
    size_t count = rk_littlefs_files(fs, &files);

    for (size_t i = 0; i < count; i++)
        if (!files[i].folder && strcmp(files[i].path, path) == 0) {
            *index = i;
            return RK_OK;
        }
    rk_fail(&in->cli->err, RK_ERR_ARG, "files.name", "there is no file \"%s\"", path);
    const char *near = count ? rk_text_nearest(path, &files[0].path, count, sizeof files[0]) : NULL;
    if (near)
        rk_error_hint(&in->cli->err, "did you mean %s?", near);
    else
        rk_error_hint(&in->cli->err, "config files without a PATH lists them");
    return RK_ERR_ARG;
}

static enum rk_status print_file(struct inside *in, const struct rk_littlefs *fs, size_t index)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum rk_status st = rk_littlefs_read(fs, index, &bytes, &len, &in->cli->err);

    if (st == RK_OK && in->cli->out.json == JSON_OFF)
        output_result(&in->cli->out, (const char *)bytes, len);
    free(bytes);
    return st;
}

/* The list: as text, and as result.files[]. */
static void list_files(struct inside *in, const struct rk_littlefs *fs)
{
    const struct rk_littlefs_facts *f = rk_littlefs_facts(fs);
    const struct rk_littlefs_file *files;
    size_t count = rk_littlefs_files(fs, &files);
    struct text text = {0};
    struct rk_json json;

    cli_result_begin(in->cli, &json);
    rk_json_object_begin(&json);
    rk_json_put_string(&json, "source", in->name);
    rk_json_put_u64(&json, "offset", f->offset);
    rk_json_put_u64(&json, "block_size", f->block_size);
    rk_json_put_u64(&json, "blocks", f->block_count);
    rk_json_put_u64(&json, "damaged", f->damaged);
    rk_json_key(&json, "files");
    rk_json_array_begin(&json);
    text_printf(&text, "LittleFS at 0x%06x, %u blocks of %u bytes\n", (unsigned)f->offset,
                (unsigned)f->block_count, (unsigned)f->block_size);
    for (size_t i = 0; i < count; i++) {
        rk_json_object_begin(&json);
        rk_json_put_string(&json, "path", files[i].path);
        rk_json_put_bool(&json, "folder", files[i].folder);
        rk_json_put_u64(&json, "size", files[i].size);
        rk_json_put_bool(&json, "intact", files[i].intact);
        rk_json_object_end(&json);
        if (files[i].folder)
            text_printf(&text, "%10s  %s/", "", files[i].path);
        else
            text_printf(&text, "%10u  %s", (unsigned)files[i].size, files[i].path);
        text_printf(&text, "%s\n", files[i].intact ? "" : "  (damaged)");
    }
    rk_json_array_end(&json);
    rk_json_object_end(&json);
    if (in->cli->out.json == JSON_OFF)
        output_result(&in->cli->out, text.bytes, text.len);
    text_free(&text);
}

enum rk_status inside_files(struct inside *in, const char *path)
{
    struct rk_littlefs *fs = NULL;
    struct copy copy = {.in = in, .folder = option_value(&in->cli->in, "output")};
    size_t index = 0;
    enum rk_status st = rk_littlefs_find(in->data, in->len, &fs, &in->cli->err);

    copy.fs = fs;
    if (st == RK_OK && path)
        st = find_file(in, fs, path, &index);
    if (st == RK_OK && copy.folder)
        st = copy_all(&copy, path);
    else if (st == RK_OK && path)
        st = print_file(in, fs, index);
    if (st == RK_OK && (!path || in->cli->out.json != JSON_OFF))
        list_files(in, fs);
    rk_littlefs_free(fs);
    return st;
}
