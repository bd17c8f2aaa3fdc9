#include "keyboard.h"

#include <windows.h>

static DWORD saved;
static bool changed;

bool keyboard_open(void)
{
    HANDLE in = GetStdHandle(STD_INPUT_HANDLE);

    if (in == NULL || in == INVALID_HANDLE_VALUE)
        return false;
    if (!GetConsoleMode(in, &saved))
        return true; /* a pipe or a file */
    changed = SetConsoleMode(in, saved & ~(DWORD)(ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT)) != 0;
    return changed;
}

void keyboard_close(void)
{
    if (changed)
        (void)SetConsoleMode(GetStdHandle(STD_INPUT_HANDLE), saved);
    changed = false;
}

/* A console also signals mouse and focus events, on which reading would wait: only keys count. */
static bool key_waits(HANDLE in)
{
    INPUT_RECORD record;
    DWORD count;

    while (PeekConsoleInputA(in, &record, 1, &count) && count > 0) {
        if (record.EventType == KEY_EVENT && record.Event.KeyEvent.bKeyDown &&
            record.Event.KeyEvent.uChar.AsciiChar)
            return true;
        if (!ReadConsoleInputA(in, &record, 1, &count))
            return false;
    }
    return false;
}

size_t keyboard_read(char *buf, size_t cap, unsigned timeout_ms, bool *ended)
{
    HANDLE in = GetStdHandle(STD_INPUT_HANDLE);
    DWORD got = 0, waiting = 0, mode;

    *ended = false;
    if (GetConsoleMode(in, &mode)) {
        if (WaitForSingleObject(in, timeout_ms) != WAIT_OBJECT_0 || !key_waits(in))
            return 0;
        cap = 1;
    } else if (PeekNamedPipe(in, NULL, 0, NULL, &waiting, NULL)) {
        if (waiting == 0) {
            (void)WaitForSingleObject(GetCurrentThread(), timeout_ms);
            return 0;
        }
    } else if (GetLastError() == ERROR_BROKEN_PIPE) {
        *ended = true;
        return 0;
    }
    *ended = !ReadFile(in, buf, (DWORD)cap, &got, NULL) || got == 0;
    return got;
}
