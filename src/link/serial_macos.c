/* macOS only: rates outside of the termios list need an ioctl after tcsetattr(). */
#include "link/serial.h"

#include <IOKit/serial/ioss.h>
#include <errno.h>
#include <sys/ioctl.h>
#include <termios.h>

int rk_serial_set_rate(int fd, uint32_t baud, uint32_t *actual)
{
    struct termios tio;
    speed_t speed = baud;

    if (tcgetattr(fd, &tio) != 0)
        return errno;
    cfmakeraw(&tio);
    tio.c_cflag &= ~(tcflag_t)(CSIZE | PARENB | CSTOPB | CRTSCTS);
    tio.c_cflag |= CS8 | CREAD | CLOCAL;
    tio.c_cc[VMIN] = 1;
    tio.c_cc[VTIME] = 0;
    cfsetspeed(&tio, B9600);
    if (tcsetattr(fd, TCSANOW, &tio) != 0)
        return errno;
    /* A pseudo-terminal has no rate: that is no reason to refuse it. */
    if (ioctl(fd, IOSSIOSPEED, &speed) != 0 && errno != ENOTTY)
        return errno;
    *actual = baud;
    return 0;
}

bool rk_serial_low_latency(int fd, bool on)
{
    unsigned long us = on ? 1000 : 16000;

    return ioctl(fd, IOSSDATALAT, &us) == 0;
}

void rk_serial_holder(const char *path, char *text, size_t cap)
{
    (void)path;
    if (cap)
        text[0] = '\0';
}
