/* Keys for a module: what the user types goes out at once, without echo. Platform files. */
#ifndef CLI_KEYBOARD_H
#define CLI_KEYBOARD_H

#include <stdbool.h>
#include <stddef.h>

#define KEYBOARD_QUIT 0x1D /* Ctrl-] */

/* Takes over standard input: a terminal is switched to single keys (Ctrl-C still ends the program);
 * a pipe or file is read as it is. Returns false if there is nothing to read from. */
bool keyboard_open(void);
/* Puts the terminal back; harmless if it is not open. */
void keyboard_close(void);
/* Takes what has been typed, waiting up to timeout_ms. 0 = nothing; *ended tells that no more will
 * come. */
size_t keyboard_read(char *buf, size_t cap, unsigned timeout_ms, bool *ended);

#endif
