#include "config.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const char *const key_names[CONFIG_KEYS] = {
    [CONFIG_PORT] = "port",
    [CONFIG_CHIP] = "chip",
    [CONFIG_BAUD] = "baud",
    [CONFIG_RESET] = "reset",
    [CONFIG_BACKUP_DIR] = "backup-dir",
};

const char *config_key_name(enum config_key key)
{
    return (unsigned)key < CONFIG_KEYS ? key_names[key] : NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void trim(const char **text, size_t *len)
{
    while (*len && is_blank(**text)) {
        ++*text;
        --*len;
    }
    while (*len && is_blank((*text)[*len - 1]))
        --*len;
}

static enum rk_status bad_line(const char *name, unsigned line, const char *what, const char *text,
                               size_t len, struct rk_error *err)
{
    char shown[80];

    rk_text_escape(shown, sizeof shown, (const uint8_t *)text, len < 60 ? len : 60);
    rk_fail(err, RK_ERR_ARG, "config.line", "%s:%u: %s \"%s\"", name, line, what, shown);
    rk_error_hint(err, "keys are port, chip, baud, reset and backup-dir, as in `baud = 921600`");
    return RK_ERR_ARG;
}

static enum rk_status take_line(const char *name, unsigned number, const char *line, size_t len,
                                struct config *out, struct rk_error *err)
{
    trim(&line, &len);
    if (len == 0 || *line == '#' || *line == ';')
        return RK_OK;
    if (*line == '[')
        return len == 10 && strncmp(line, "[rekindle]", 10) == 0
                   ? RK_OK
                   : bad_line(name, number, "unknown section", line, len, err);
    const char *equal = memchr(line, '=', len);
    if (!equal)
        return bad_line(name, number, "no \"=\" in", line, len, err);
    const char *key = line, *value = equal + 1;
    size_t key_len = (size_t)(equal - line), value_len = len - key_len - 1;
    trim(&key, &key_len);
    trim(&value, &value_len);
    for (unsigned k = 0; k < CONFIG_KEYS; k++) {
        if (strlen(key_names[k]) != key_len || strncmp(key_names[k], key, key_len) != 0)
            continue;
        if (value_len == 0 || memchr(value, '\0', value_len))
            return bad_line(name, number, "no value for", key, key_len, err);
        char *copy = malloc(value_len + 1);
        if (!copy)
            return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
        memcpy(copy, value, value_len);
        copy[value_len] = '\0';
        free(out->values[k]);
        out->values[k] = copy;
        return RK_OK;
    }
    return bad_line(name, number, "unknown key", key, key_len, err);
}

enum rk_status config_parse(const char *name, const char *text, size_t len, struct config *out,
                            struct rk_error *err)
{
    enum rk_status st = RK_OK;
    unsigned number = 0;

    memset(out, 0, sizeof *out);
    for (size_t at = 0; st == RK_OK && at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t n = end ? (size_t)(end - (text + at)) : len - at;
        st = take_line(name, ++number, text + at, n, out, err);
        at += n + 1;
    }
    if (st != RK_OK)
        config_free(out);
    return st;
}

void config_free(struct config *config)
{
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        free(config->values[i]);
        config->values[i] = NULL;
    }
}
