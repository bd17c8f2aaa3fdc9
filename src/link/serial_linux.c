/* Linux only: any rate through termios2 (whose header clashes with the C library's termios), the
 * low-latency flag, and who holds a port. */
#include "link/serial.h"

#include "base/text.h"

#include <asm/termbits.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int rk_serial_set_rate(int fd, uint32_t baud, uint32_t *actual)
{
    struct termios2 tio;

    if (ioctl(fd, TCGETS2, &tio) != 0)
        return errno;
    tio.c_cflag &= ~(tcflag_t)(CBAUD | CBAUD << IBSHIFT | CSIZE | PARENB | CSTOPB | CRTSCTS);
    tio.c_cflag |= BOTHER | BOTHER << IBSHIFT | CS8 | CREAD | CLOCAL;
    tio.c_iflag = 0;
    tio.c_oflag = 0;
    tio.c_lflag = 0;
    /* With VMIN 0 an empty queue and a vanished adapter would both read as 0 bytes. */
    tio.c_cc[VMIN] = 1;
    tio.c_cc[VTIME] = 0;
    tio.c_ispeed = baud;
    tio.c_ospeed = baud;
    if (ioctl(fd, TCSETS2, &tio) != 0)
        return errno;
    if (ioctl(fd, TCGETS2, &tio) != 0)
        return errno;
    *actual = tio.c_ospeed;
    return 0;
}

bool rk_serial_low_latency(int fd, bool on)
{
    struct serial_struct serial;
    const int flag = (int)ASYNC_LOW_LATENCY;

    if (ioctl(fd, TIOCGSERIAL, &serial) != 0)
        return false;
    bool is = (serial.flags & flag) != 0;
    if (is == on)
        return false;
    if (on)
        serial.flags |= flag;
    else
        serial.flags &= ~flag;
    return ioctl(fd, TIOCSSERIAL, &serial) == 0;
}

/* True if one of the process's open files is `target`. */
static bool process_holds(const char *pid, const char *target)
{
    char folder[64], entry[384], name[512];
    bool holds = false;

    rk_text_format(folder, sizeof folder, "/proc/%s/fd", pid);
    DIR *dir = opendir(folder);
    if (!dir)
        return false;
    for (struct dirent *e; !holds && (e = readdir(dir)) != NULL;) {
        rk_text_format(entry, sizeof entry, "%s/%s", folder, e->d_name);
        ssize_t n = readlink(entry, name, sizeof name - 1);
        if (n > 0) {
            name[n] = '\0';
            holds = strcmp(name, target) == 0;
        }
    }
    closedir(dir);
    return holds;
}

static void process_name(const char *pid, char *text, size_t cap)
{
    char path[64], name[64] = "";
    rk_text_format(path, sizeof path, "/proc/%s/comm", pid);
    FILE *f = fopen(path, "re");

    if (f) {
        if (fgets(name, sizeof name, f))
            name[strcspn(name, "\n")] = '\0';
        fclose(f);
    }
    rk_text_format(text, cap, "%s (process %s)", name[0] ? name : "a program", pid);
}

void rk_serial_holder(const char *path, char *text, size_t cap)
{
    char *real = realpath(path, NULL);
    DIR *dir = opendir("/proc");
    char own[16];

    text[0] = '\0';
    rk_text_format(own, sizeof own, "%ld", (long)getpid());
    for (struct dirent *e; real && dir && !text[0] && (e = readdir(dir)) != NULL;)
        if (isdigit((unsigned char)e->d_name[0]) && strcmp(e->d_name, own) != 0 &&
            process_holds(e->d_name, real))
            process_name(e->d_name, text, cap);
    if (dir)
        closedir(dir);
    free(real);
}
