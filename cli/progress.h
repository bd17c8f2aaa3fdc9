/* Progress on standard error: on a terminal one row per module, redrawn at most ten times a
 * second; elsewhere a line now and then. The rows are the only mutable state of the program that
 * several threads share, behind one lock. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "output.h"

struct progress_row;

/* Once, before any row. */
void progress_begin(const struct output *out, size_t rows);
/* Removes what stands on the terminal. */
void progress_end(void);

/* The row of a module; `name` is shown in front if there are several. */
struct progress_row *progress_row(size_t index, const char *name);
void progress_update(struct progress_row *row, const struct rk_event *event);
/* The stage is over: its row goes away. */
void progress_clear(struct progress_row *row);

/* Around writing anything else to the terminal; they nest. Also take the lock. */
void progress_pause(void);
void progress_resume(void);

#endif
