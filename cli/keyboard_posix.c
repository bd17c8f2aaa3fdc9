#include "keyboard.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static bool changed;

bool keyboard_open(void)
{
    struct termios keys;

    if (!isatty(STDIN_FILENO))
        return true;
    if (tcgetattr(STDIN_FILENO, &saved) != 0)
        return false;
    keys = saved;
    keys.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
    keys.c_iflag &= (tcflag_t)~ICRNL; /* Enter is CR, as terminals send it */
    keys.c_cc[VMIN] = 0;
    keys.c_cc[VTIME] = 0;
    changed = tcsetattr(STDIN_FILENO, TCSANOW, &keys) == 0;
    return changed;
}

void keyboard_close(void)
{
    if (changed)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    changed = false;
}

size_t keyboard_read(char *buf, size_t cap, unsigned timeout_ms, bool *ended)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};

    *ended = false;
    if (poll(&p, 1, (int)timeout_ms) <= 0)
        return 0;
    ssize_t n = read(STDIN_FILENO, buf, cap);
    *ended = n <= 0;
    return n > 0 ? (size_t)n : 0;
}
