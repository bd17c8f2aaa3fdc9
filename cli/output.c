#include "output.h"

#include "progress.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void text_add(struct text *text, const char *bytes, size_t len)
{
    if (text->failed)
        return;
    if (text->len + len + 1 > text->cap) {
        size_t cap = text->cap ? text->cap : 256;
        while (cap < text->len + len + 1)
            cap *= 2;
        char *bigger = realloc(text->bytes, cap);
        if (!bigger) {
            text->failed = true;
            return;
        }
        text->bytes = bigger;
        text->cap = cap;
    }
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    text->bytes[text->len] = '\0';
}

void text_printf(struct text *text, const char *fmt, ...)
{
    char line[1024];
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n > 0)
        text_add(text, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

void text_free(struct text *text)
{
    free(text->bytes);
    memset(text, 0, sizeof *text);
}

bool text_sink(void *user, const char *bytes, size_t len)
{
    struct text *text = user;

    text_add(text, bytes, len);
    return !text->failed;
}

/* ESC [ code m around a word, if colours are wanted. */
static void put_word(const struct output *out, const char *code, const char *word)
{
    if (out->color)
        fprintf(stderr, "\x1b[%sm%s\x1b[0m", code, word);
    else
        fputs(word, stderr);
}

static void put_prefix(const char *prefix)
{
    if (*prefix)
        fprintf(stderr, "%s: ", prefix);
}

void output_error(struct output *out, const char *prefix, const struct rk_error *err)
{
    progress_pause();
    fputs("rekindle: ", stderr);
    put_prefix(prefix);
    if (err->rule[0]) {
        put_word(out, "1;31", "refused");
        fprintf(stderr, " [%s]: %s\n", err->rule, err->message);
    } else {
        put_word(out, "1;31", "error");
        fprintf(stderr, " [%s]: %s\n", err->id[0] ? err->id : "internal", err->message);
    }
    if (err->has_addr)
        fprintf(stderr, "at: 0x%06x\n", (unsigned)err->addr);
    if (err->detail[0])
        fprintf(stderr, "seen: %s\n", err->detail);
    if (err->hint[0])
        fprintf(stderr, "try: %s\n", err->hint);
    progress_resume();
}

void output_warning(struct output *out, const char *prefix, const char *id, const char *text)
{
    if (out->quiet)
        return;
    progress_pause();
    fputs("rekindle: ", stderr);
    put_prefix(prefix);
    put_word(out, "1;33", "warning");
    fprintf(stderr, " [%s]: %s\n", id, text);
    progress_resume();
}

void output_story(struct output *out, const char *prefix, const char *word, const char *text)
{
    if (out->quiet)
        return;
    progress_pause();
    put_prefix(prefix);
    fprintf(stderr, "%-8s ", word);
    if (strcmp(word, "ok") == 0)
        put_word(out, "1;32", text);
    else
        fputs(text, stderr);
    fputc('\n', stderr);
    progress_resume();
}

void output_result(struct output *out, const char *bytes, size_t len)
{
    if (out->broken || len == 0)
        return;
    progress_pause();
    if (fwrite(bytes, 1, len, stdout) != len || fflush(stdout) != 0)
        out->broken = true;
    progress_resume();
}

bool output_ask(struct output *out, const char *question)
{
    char answer[16];

    if (!out->may_ask)
        return false;
    progress_pause();
    fprintf(stderr, "%s [y/N] ", question);
    fflush(stderr);
    bool yes = fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
    progress_resume();
    return yes;
}
