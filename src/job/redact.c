/* Taking out of a text what is nobody's business. The words after which secrets stand are those of
 * OpenBeken's, Tuya's and Bouffalo Lab's logs and settings. */
#include <rekindle/redact.h>

#include "base/text.h"
#include "config/secret_list.h"
#include "config/tuya_storage.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    char *bytes;
    size_t len, cap;
    bool failed;
    struct rk_redacted *report;
};

static void put(struct writer *w, const char *bytes, size_t len)
{
    if (w->len + len + 1 > w->cap) {
        size_t cap = (w->len + len + 1) * 2;
        char *bigger = realloc(w->bytes, cap);
        if (!bigger) {
            w->failed = true;
            return;
        }
        w->bytes = bigger;
        w->cap = cap;
    }
    memcpy(w->bytes + w->len, bytes, len);
    w->len += len;
    w->bytes[w->len] = '\0';
}

static void put_text(struct writer *w, const char *text)
{
    put(w, text, strlen(text));
}

/* Does `word` stand at p, upper or lower case alike? */
static bool stands(const char *p, const char *end, const char *word)
{
    size_t n = strlen(word);

    if ((size_t)(end - p) < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (tolower((unsigned char)p[i]) != word[i])
            return false;
    return true;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* ---- values behind words ---- */

/* Words that a secret follows, without what is between. */
static const char *const words[] = {
    "ssid",      "bssid",      "ap_ssid",   "ap_psk",     "psk",       "psk_key",   "pass",
    "password",  "passwd",     "pwd",       "passphrase", "token",     "auth_key",  "auzkey",
    "authkey",   "localkey",   "local_key", "lckey",      "seckey",    "sec_key",   "devid",
    "device_id", "dev_id",     "uuid",      "mqtt_user",  "mqtt_host", "mqtt_pass", "mqttuser",
    "mqtthost",  "mqttpass",   "username",  "user",       "hostname",  "clientid",  "client_id",
    "reg_key",   "productkey", "latitude",  "longitude",  "location",  "secret",    "apikey",
};

static size_t word_at(const char *p, const char *end)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i]);
        if (stands(p, end, words[i]) && (p + n == end || !is_word(p[n])))
            return n;
    }
    return 0;
}

/* What stands between word and value: quotes, "=", ":", "[", " is ". Returns where the value begins,
 * or NULL if nothing makes it a value. */
static const char *value_at(const char *p, const char *end)
{
    bool assigned = false;

    while (p < end && (*p == '"' || *p == '\'' || *p == ' '))
        p++;
    while (p < end && (*p == '=' || *p == ':' || *p == '[' || *p == '<' || *p == '(')) {
        assigned = true;
        p++;
        while (p < end && (*p == '"' || *p == '\'' || *p == ' '))
            p++;
    }
    return assigned ? p : NULL;
}

static const char *value_end(const char *start, const char *end)
{
    char before = start[-1];
    const char *stops = before == '['    ? "]"
                        : before == '"'  ? "\""
                        : before == '\'' ? "'"
                        : before == '<'  ? ">"
                        : before == '('  ? ")"
                                         : ",;]})>\"' \t|";

    while (start < end && !strchr(stops, *start))
        start++;
    return start;
}

static const char *hide_value(struct writer *w, const char *p, const char *end, size_t word)
{
    const char *value = value_at(p + word, end), *stop;
    char mark[32];

    if (!value || value == end)
        return NULL;
    stop = value_end(value, end);
    if (stop == value)
        return NULL;
    put(w, p, (size_t)(value - p));
    rk_text_format(mark, sizeof mark, "<%zu characters>", (size_t)(stop - value));
    put_text(w, mark);
    w->report->values++;
    return stop;
}

/* "connecting to NETWORK:PASSWORD", as a vendor's demo prints it. */
static const char *hide_connecting(struct writer *w, const char *p, const char *end)
{
    static const char word[] = "connecting to ";

    if (!stands(p, end, word) ||
        !memchr(p + sizeof word - 1, ':', (size_t)(end - p) - sizeof word + 1))
        return NULL;
    put(w, p, sizeof word - 1);
    put_text(w, "<network and password>");
    w->report->values++;
    return end;
}

/* ---- addresses ---- */

static const char *hide_mac(struct writer *w, const char *p, const char *end)
{
    static const char *const public_tails[] = {"000000", "428848", "420048"};
    char tail[7] = "", separator = 0;
    const char *at = p;

    for (int i = 0; i < 6; i++) {
        if (end - at < 2 || !isxdigit((unsigned char)at[0]) || !isxdigit((unsigned char)at[1]))
            return NULL;
        if (i >= 3) {
            tail[2 * (i - 3)] = at[0];
            tail[2 * (i - 3) + 1] = at[1];
        }
        at += 2;
        if (i == 0 && at < end && (*at == ':' || *at == '-'))
            separator = *at;
        if (i < 5 && separator && (at == end || *at++ != separator))
            return NULL;
    }
    if (at < end && (isxdigit((unsigned char)*at) || *at == separator))
        return NULL;
    size_t head = separator ? 9 : 6;
    for (size_t i = 0; i < 3; i++)
        if (strcmp(tail, public_tails[i]) == 0)
            return NULL;
    if (!separator) { /* twelve digits are an address only if letters and digits are mixed */
        bool digit = false, letter = false;
        for (const char *q = p; q < at; q++) {
            digit |= isdigit((unsigned char)*q) != 0;
            letter |= isalpha((unsigned char)*q) != 0;
        }
        if (!digit || !letter)
            return NULL;
    }
    put(w, p, head);
    put_text(w, separator == ':' ? "xx:xx:xx" : separator ? "xx-xx-xx" : "xxxxxx");
    w->report->macs++;
    return at;
}

static const char *hide_ip(struct writer *w, const char *p, const char *end)
{
    const char *at = p;

    for (int i = 0; i < 4; i++) {
        unsigned value = 0, digits = 0;
        for (; at < end && isdigit((unsigned char)*at) && digits < 4; at++, digits++)
            value = value * 10 + (unsigned)(*at - '0');
        if (digits == 0 || digits > 3 || value > 255 || (i < 3 && (at == end || *at++ != '.')))
            return NULL;
    }
    if (at < end && (*at == '.' || isdigit((unsigned char)*at)))
        return NULL;
    put_text(w, "<ip>");
    w->report->ips++;
    return at;
}

static const char *hide_host(struct writer *w, const char *p, const char *end)
{
    const char *scheme = end - p >= 3 && memcmp(p, "://", 3) == 0 ? p + 3 : NULL, *at = scheme;

    if (!scheme)
        return NULL;
    while (at < end && !strchr("/ \t\"'<>)]", *at))
        at++;
    if (at == scheme)
        return NULL;
    put_text(w, "://<host>");
    w->report->hosts++;
    return at;
}

/* A path loses its folders: they hold user names. */
static const char *hide_path(struct writer *w, const char *p, const char *end)
{
    bool drive =
        end - p > 3 && isalpha((unsigned char)p[0]) && p[1] == ':' && (p[2] == '\\' || p[2] == '/');
    const char *at = p, *name = NULL;

    if (!drive && *p != '/')
        return NULL;
    for (; at < end && !strchr(" \t\"'<>|,;)]", *at); at++)
        if (*at == '/' || *at == '\\')
            name = at + 1;
    if (!name || name - p < 3)
        return NULL;
    if (!drive && (stands(p, end, "/dev/") || name == p + 1))
        return NULL;
    put_text(w, "<path>/");
    put(w, name, (size_t)(at - name));
    w->report->paths++;
    return at;
}

/* Four key words; the two public keys stay. */
static const char *hide_key(struct writer *w, const char *p, const char *end)
{
    static const char word[] = "encryption key:";
    const char *at = p + sizeof word - 1, *first;

    if (!stands(p, end, word))
        return NULL;
    while (at < end && *at == ' ')
        at++;
    first = at;
    while (at < end && (isxdigit((unsigned char)*at) || *at == ' '))
        at++;
    put(w, p, sizeof word - 1);
    if (stands(first, end, "510fb093 a3cbeadc 5993a17e c7adeb03") ||
        stands(first, end, "00000000 00000000 00000000 00000000")) {
        put_text(w, " ");
        put(w, first, (size_t)(at - first));
    } else {
        put_text(w, " <key>");
        w->report->keys++;
    }
    return at;
}

/* ---- the text ---- */

static void redact_line(struct writer *w, const char *p, const char *end)
{
    bool inside = false; /* in the middle of a word */

    while (p < end) {
        const char *next = NULL;
        size_t word = inside ? 0 : word_at(p, end);
        if (word)
            next = hide_value(w, p, end, word);
        if (!next && !inside)
            next = hide_key(w, p, end);
        if (!next && !inside)
            next = hide_connecting(w, p, end);
        if (!next && !inside)
            next = hide_mac(w, p, end);
        if (!next && !inside)
            next = hide_ip(w, p, end);
        if (!next)
            next = hide_host(w, p, end);
        if (!next && !inside)
            next = hide_path(w, p, end);
        inside = next ? false : is_word(*p) || *p == '.';
        if (!next) {
            put(w, p, 1);
            next = p + 1;
        }
        p = next;
    }
}

static void learn(struct rk_secret_list *secrets, const uint8_t *dump, size_t len)
{
    struct rk_tuya *t = NULL;
    struct rk_obk *obk = NULL;

    if (rk_tuya_read(dump, len, &t, NULL) == RK_OK) {
        for (size_t i = 0; i < t->key_count; i++)
            rk_secrets_of_key(secrets, &t->keys[i]);
        for (size_t i = 0; i < t->guarded_count; i++)
            rk_secrets_of_key(secrets, &t->guarded[i]);
    }
    if (rk_obk_find(dump, len, NULL, &obk, NULL) == RK_OK)
        rk_secrets_of_obk(secrets, obk);
    rk_obk_free(obk);
    rk_tuya_free(t);
}

enum rk_status rk_redact(const char *text, size_t len, const uint8_t *dump, size_t dump_len,
                         char **out, size_t *out_len, struct rk_redacted *report,
                         struct rk_error *err)
{
    struct rk_secret_list secrets = {0};
    struct writer w = {.report = report};
    enum rk_status st = RK_OK;

    memset(report, 0, sizeof *report);
    if (dump)
        learn(&secrets, dump, dump_len);
    for (const char *p = text, *end = text + len; p < end;) {
        const char *line = memchr(p, '\n', (size_t)(end - p));
        redact_line(&w, p, line ? line : end);
        if (line)
            put(&w, "\n", 1);
        p = line ? line + 1 : end;
    }
    put(&w, "", 0);
    if (w.failed || secrets.failed) {
        st = rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    } else {
        report->settings = (uint32_t)rk_secrets_mask(&secrets, (uint8_t *)w.bytes, w.len);
        if (rk_secrets_in(&secrets, (const uint8_t *)w.bytes, w.len))
            st = rk_fail(err, RK_ERR_VERIFY, "redact.left",
                         "a secret of the settings is still in the text");
    }
    rk_secrets_free(&secrets);
    if (st != RK_OK) {
        free(w.bytes);
        return st;
    }
    *out = w.bytes;
    *out_len = w.len;
    return RK_OK;
}
