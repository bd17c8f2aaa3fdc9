/* Ctrl-C and SIGTERM: the first asks the work to stop at the next safe point, the second ends the
 * program at once. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <stdbool.h>

void signals_install(void);
/* True once a signal has asked to stop. */
bool signals_stop(void);
/* 130 or 143 after a signal, else 0. */
int signals_exit_status(void);

#endif
