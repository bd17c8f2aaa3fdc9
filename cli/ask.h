/* Questions to a person at the terminal. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "output.h"

/* Asks for a line of text; `hidden`: it is not shown while it is typed. An answer that does not fit
 * into `cap` bytes is asked for again. False if nobody can be asked or the input ended; an empty
 * answer is one. */
bool ask_text(struct output *out, const char *question, bool hidden, char *answer, size_t cap);

#endif
