#include "signals.h"

#include "exit_status.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
    if (stop_signal)
        _exit(number == SIGTERM ? EXIT_TERMINATED : EXIT_INTERRUPTED);
    stop_signal = number;
}

void signals_install(void)
{
#ifdef _WIN32
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
#else
    struct sigaction action = {.sa_handler = on_signal};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* A reader of our output that goes away must not end a write to a module. */
    signal(SIGPIPE, SIG_IGN);
#endif
}

bool signals_stop(void)
{
    return stop_signal != 0;
}

int signals_exit_status(void)
{
    return stop_signal == 0 ? 0 : stop_signal == SIGTERM ? EXIT_TERMINATED : EXIT_INTERRUPTED;
}
