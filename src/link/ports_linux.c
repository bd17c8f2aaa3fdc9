/* Serial ports on Linux: /sys/class/tty tells which exist and what USB device is behind them. */
#include "link/ports.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* The first line of a file below `folder`; empty if there is none. */
static void read_line(const char *folder, const char *file, char *text, size_t cap)
{
    char path[1024];
    FILE *f;

    text[0] = '\0';
    rk_text_format(path, sizeof path, "%s/%s", folder, file);
    f = fopen(path, "re");
    if (!f)
        return;
    char raw[256];
    if (fgets(raw, sizeof raw, f)) {
        size_t n = strcspn(raw, "\n");
        rk_text_escape(text, cap, (const uint8_t *)raw, n);
    }
    fclose(f);
}

/* Climbs from the tty's device to the USB device that has an idVendor. */
static bool find_usb(const char *device, char *folder, size_t cap)
{
    char up[1024];
    char *real = realpath(device, NULL);

    if (!real)
        return false;
    rk_text_copy(up, sizeof up, real);
    free(real);
    for (int level = 0; level < 6; level++) {
        char path[1100];
        rk_text_format(path, sizeof path, "%s/idVendor", up);
        if (access(path, R_OK) == 0) {
            rk_text_copy(folder, cap, up);
            return true;
        }
        char *slash = strrchr(up, '/');
        if (!slash || slash == up)
            return false;
        *slash = '\0';
    }
    return false;
}

static void describe_usb(struct rk_port *port, const char *folder)
{
    char text[64];

    port->usb = true;
    read_line(folder, "idVendor", text, sizeof text);
    port->vid = (uint16_t)strtoul(text, NULL, 16);
    read_line(folder, "idProduct", text, sizeof text);
    port->pid = (uint16_t)strtoul(text, NULL, 16);
    read_line(folder, "serial", port->serial, sizeof port->serial);
    read_line(folder, "product", port->description, sizeof port->description);
    rk_port_name_bridge(port);
    rk_text_format(port->stable, sizeof port->stable, "usb:%04x:%04x%s%s", port->vid, port->pid,
                   port->serial[0] ? ":" : "", port->serial);
}

/* The link in /dev/serial/by-id that leads to the port, if there is one. */
static void find_by_id(struct rk_port *port, const char *root)
{
    char folder[512], path[800];
    DIR *dir;

    rk_text_format(folder, sizeof folder, "%s/dev/serial/by-id", root);
    dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
        char target[256];
        rk_text_format(path, sizeof path, "%s/%s", folder, e->d_name);
        ssize_t n = readlink(path, target, sizeof target - 1);
        if (n <= 0)
            continue;
        target[n] = '\0';
        const char *base = strrchr(target, '/'), *own = strrchr(port->name, '/');
        if (base && own && strcmp(base, own) == 0)
            rk_text_copy(port->stable, sizeof port->stable, path + strlen(root));
    }
    if (dir)
        closedir(dir);
}

/* May we open it? Opening would assert DTR, so it is not opened. */
static void judge_access(struct rk_port *port, const char *root)
{
    char path[512];

    rk_text_format(path, sizeof path, "%s%s", root, port->name);
    port->accessible = access(path, R_OK | W_OK) == 0;
    if (!port->accessible)
        rk_text_format(port->reason, sizeof port->reason,
                       errno == EACCES ? "no permission: sudo usermod -aG dialout $USER, then log "
                                         "in again, or install the udev rule"
                                       : "the device file is missing");
}

static enum rk_status add_port(struct rk_port_list *list, const char *root, const char *class_dir,
                               const char *name, struct rk_error *err)
{
    char device[1024], usb[1024];

    rk_text_format(device, sizeof device, "%s/%s/device", class_dir, name);
    if (access(device, F_OK) != 0)
        return RK_OK; /* consoles and pseudo-terminals have no device */
    struct rk_port *port = rk_port_list_add(list);
    if (!port)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    rk_text_format(port->name, sizeof port->name, "/dev/%s", name);
    rk_text_copy(port->stable, sizeof port->stable, port->name);
    if (find_usb(device, usb, sizeof usb)) {
        describe_usb(port, usb);
        find_by_id(port, root);
    }
    judge_access(port, root);
    return RK_OK;
}

/* ttyS ports without a chip behind them are listed by the kernel all the same. */
static bool is_dummy(const char *class_dir, const char *name)
{
    char folder[800], type[16];

    if (strncmp(name, "ttyS", 4) != 0)
        return false;
    rk_text_format(folder, sizeof folder, "%s/%s", class_dir, name);
    read_line(folder, "type", type, sizeof type);
    return strcmp(type, "0") == 0;
}

enum rk_status rk_ports_scan_root(struct rk_port_list *list, const char *root, struct rk_error *err)
{
    char class_dir[512];
    enum rk_status st = RK_OK;

    rk_text_format(class_dir, sizeof class_dir, "%s/sys/class/tty", root);
    DIR *dir = opendir(class_dir);
    if (!dir)
        return errno == ENOENT ? RK_OK
                               : rk_fail(err, RK_ERR_PORT_IO, "port.list", "cannot read %s: %s",
                                         class_dir, strerror(errno));
    for (struct dirent *e; st == RK_OK && (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.' && !is_dummy(class_dir, e->d_name))
            st = add_port(list, root, class_dir, e->d_name, err);
    closedir(dir);
    return st;
}

enum rk_status rk_ports_scan(struct rk_port_list *list, struct rk_error *err)
{
    return rk_ports_scan_root(list, "", err);
}
