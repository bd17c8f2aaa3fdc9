#include "ask.h"

#include "progress.h"

#include <stdio.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>

/* Switches what is typed visible or invisible; returns what it was. */
static unsigned long set_echo(bool on)
{
    HANDLE console = GetStdHandle(STD_INPUT_HANDLE);
    DWORD mode = 0;

    if (GetConsoleMode(console, &mode))
        (void)SetConsoleMode(console,
                             on ? mode | ENABLE_ECHO_INPUT : mode & ~(DWORD)ENABLE_ECHO_INPUT);
    return mode & ENABLE_ECHO_INPUT;
}
#else
#include <termios.h>
#include <unistd.h>

static unsigned long set_echo(bool on)
{
    struct termios state;

    if (tcgetattr(STDIN_FILENO, &state) != 0)
        return 0;
    unsigned long before = state.c_lflag & ECHO;
    state.c_lflag = on ? state.c_lflag | ECHO : state.c_lflag & ~(tcflag_t)ECHO;
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &state);
    return before;
}
#endif

/* One line without its end; *fits tells if all of it is in the buffer. */
static bool read_line(char *line, size_t cap, bool *fits)
{
    if (!fgets(line, (int)cap, stdin))
        return false;
    size_t n = strcspn(line, "\r\n");
    *fits = line[n] != '\0' || n + 1 < cap;
    for (int c = *fits ? '\n' : 0; c != '\n' && c != EOF;)
        c = getchar();
    line[n] = '\0';
    return true;
}

bool ask_text(struct output *out, const char *question, bool hidden, char *answer, size_t cap)
{
    bool fits = false, got = true;

    if (!out->may_ask)
        return false;
    progress_pause();
    while (got && !fits) {
        /* Before the question: whoever sees it may already be typing. */
        unsigned long echo = hidden ? set_echo(false) : 0;
        fprintf(stderr, "%s ", question);
        fflush(stderr);
        got = read_line(answer, cap, &fits);
        if (hidden && echo)
            (void)set_echo(true);
        if (hidden)
            fputc('\n', stderr);
        if (got && !fits)
            fprintf(stderr, "at most %zu characters\n", cap - 2);
    }
    progress_resume();
    return got;
}
