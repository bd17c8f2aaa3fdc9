/* What the user sees: results on standard output, the story on standard error. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <rekindle/context.h>

#include "base/json.h"

#include <stdio.h>

/* Text that grows. Empty = all zero. */
struct text {
    char *bytes; /* NUL-terminated if not NULL */
    size_t len, cap;
    bool failed; /* out of memory: the text is incomplete */
};
void text_add(struct text *text, const char *bytes, size_t len);
void text_printf(struct text *text, const char *fmt, ...) RK_PRINTF(2, 3);
void text_free(struct text *text);
/* A sink for the JSON writer; `user` is a struct text. */
bool text_sink(void *user, const char *bytes, size_t len);

enum json_mode { JSON_OFF, JSON_DOCUMENT, JSON_LINES };
enum progress_mode { PROGRESS_BAR, PROGRESS_LINES, PROGRESS_OFF };

struct output {
    enum json_mode json;
    enum progress_mode progress;
    bool color;
    bool quiet;
    unsigned verbose; /* 0, 1 = info, 2 = debug, 3 = wire */
    bool show_secrets;
    bool may_ask; /* questions make sense: terminals on both sides and not forbidden */
    FILE *log;    /* debug log, or NULL */
    bool broken;  /* standard output was closed by its reader */
};

/* The message form of the whole program:
 *   rekindle: error [id]: sentence
 *   seen: ...
 *   try: ...
 * `prefix` names the module if there are several; may be "". */
void output_error(struct output *out, const char *prefix, const struct rk_error *err);
void output_warning(struct output *out, const char *prefix, const char *id, const char *text);
/* A line of the story; not with --quiet. `word` is a short label ("backup"). */
void output_story(struct output *out, const char *prefix, const char *word, const char *text);
/* Result text on standard output. A reader that has gone is no error. */
void output_result(struct output *out, const char *bytes, size_t len);
/* Asks a yes/no question on the terminal; false without one. */
bool output_ask(struct output *out, const char *question);

#endif
