#include "progress.h"

#include <rekindle/clock.h>

#include "base/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#ifndef _WIN32
#include <sys/ioctl.h>
#include <unistd.h>
#endif

#define ROWS_MAX      16
#define REDRAW_US     100000u
#define LINE_EVERY_US 5000000u

struct progress_row {
    char name[48];
    char stage[24];
    uint64_t done, total, first_done;
    uint32_t addr, retries;
    uint64_t begun_us, printed_us;
    unsigned printed_tenth; /* lines: tenths already told */
    bool active;
};

static struct {
    pthread_mutex_t lock; /* recursive */
    unsigned nested;
    enum progress_mode mode;
    size_t rows, drawn; /* rows in use; lines now on the terminal */
    uint64_t redrawn_us;
    struct progress_row row[ROWS_MAX];
} display = {.mode = PROGRESS_OFF};

static void make_lock(void)
{
    pthread_mutexattr_t attr;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&display.lock, &attr);
    pthread_mutexattr_destroy(&attr);
}

static void take_lock(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_lock);
    pthread_mutex_lock(&display.lock);
}

static uint64_t now_us(void)
{
    return rk_clock_now(rk_clock_system());
}

static size_t terminal_width(void)
{
    const char *columns = getenv("COLUMNS");
    uint32_t width = 0;

    if (columns && rk_parse_u32(columns, &width, NULL) == RK_OK && width >= 40 && width <= 500)
        return width;
#ifndef _WIN32
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
        return size.ws_col;
#endif
    return 80;
}

static void erase_rows(void)
{
    for (; display.drawn > 0; display.drawn--)
        fputs("\x1b[1A\x1b[2K", stderr);
}

static void describe(const struct progress_row *row, char *text, size_t cap)
{
    uint64_t us = now_us() - row->begun_us;
    uint64_t moved = row->done - row->first_done;
    uint64_t rate = us > 200000 ? moved * 1000000u / us : 0;

    rk_text_format(text, cap, "%s%s%-8s %3u%%  0x%06x", row->name, row->name[0] ? "  " : "",
                   row->stage, row->total ? (unsigned)(row->done * 100 / row->total) : 0,
                   (unsigned)row->addr);
    if (rate)
        rk_text_append(text, cap, "  %u KiB/s  eta %u s", (unsigned)(rate / 1024),
                       (unsigned)((row->total - row->done) / rate));
    rk_text_append(text, cap, "  retries %u", (unsigned)row->retries);
}

static void draw_rows(void)
{
    size_t width = terminal_width();

    for (size_t i = 0; i < display.rows; i++) {
        char line[256];
        if (!display.row[i].active)
            continue;
        describe(&display.row[i], line, sizeof line);
        fprintf(stderr, "%.*s\n", (int)(width - 1), line);
        display.drawn++;
    }
    /* An empty display does not count: the first row of a stage appears at once. */
    if (display.drawn > 0) {
        fflush(stderr);
        display.redrawn_us = now_us();
    }
}

void progress_pause(void)
{
    take_lock();
    if (display.nested++ == 0)
        erase_rows();
}

void progress_resume(void)
{
    if (--display.nested == 0 && display.mode == PROGRESS_BAR)
        draw_rows();
    pthread_mutex_unlock(&display.lock);
}

void progress_begin(const struct output *out, size_t rows)
{
    display.mode = out->quiet ? PROGRESS_OFF : out->progress;
    display.rows = rows < ROWS_MAX ? rows : ROWS_MAX;
    memset(display.row, 0, sizeof display.row);
}

void progress_end(void)
{
    progress_pause();
    display.mode = PROGRESS_OFF;
    progress_resume();
}

struct progress_row *progress_row(size_t index, const char *name)
{
    struct progress_row *row = &display.row[index < ROWS_MAX ? index : ROWS_MAX - 1];

    rk_text_copy(row->name, sizeof row->name, name);
    return row;
}

static void print_line(struct progress_row *row)
{
    char line[256];
    unsigned tenth = row->total ? (unsigned)(row->done * 10 / row->total) : 0;
    uint64_t now = now_us();

    if (row->printed_us && (tenth == row->printed_tenth || now - row->printed_us < LINE_EVERY_US))
        return;
    row->printed_us = now;
    row->printed_tenth = tenth;
    describe(row, line, sizeof line);
    fprintf(stderr, "%s\n", line);
}

void progress_update(struct progress_row *row, const struct rk_event *event)
{
    uint64_t now = now_us();

    take_lock();
    bool begins = !row->active || strcmp(row->stage, event->id) != 0;
    if (begins) {
        rk_text_copy(row->stage, sizeof row->stage, event->id);
        row->begun_us = now;
        row->first_done = event->done;
        row->printed_us = 0;
        row->printed_tenth = 0;
    }
    row->active = true;
    row->done = event->done;
    row->total = event->total;
    row->addr = event->addr;
    row->retries = event->retries;
    if (display.mode == PROGRESS_LINES)
        print_line(row);
    if (display.mode == PROGRESS_BAR && (begins || now - display.redrawn_us >= REDRAW_US)) {
        progress_pause();
        progress_resume();
    }
    pthread_mutex_unlock(&display.lock);
}

void progress_clear(struct progress_row *row)
{
    progress_pause();
    row->active = false;
    progress_resume();
}
