/* Serial ports on Windows: the device tree knows the present ones with their names and USB ids. */
#define WIN32_LEAN_AND_MEAN
#include "link/ports.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#include <windows.h>
#include <setupapi.h>

/* GUID_DEVINTERFACE_COMPORT, written out so that no second library is needed for it. */
static const GUID com_port = {
    0x86E0D1E0, 0x8089, 0x11D0, {0x9C, 0xE4, 0x08, 0x00, 0x3E, 0x30, 0x1F, 0x73}};

/* The "COM7" of a device. */
static bool port_name(HDEVINFO set, SP_DEVINFO_DATA *device, char *name, size_t cap)
{
    HKEY key = SetupDiOpenDevRegKey(set, device, DICS_FLAG_GLOBAL, 0, DIREG_DEV, KEY_READ);
    DWORD size = (DWORD)cap - 1;
    LSTATUS rc;

    if (key == INVALID_HANDLE_VALUE)
        return false;
    memset(name, 0, cap);
    rc = RegQueryValueExA(key, "PortName", NULL, NULL, (BYTE *)name, &size);
    RegCloseKey(key);
    return rc == ERROR_SUCCESS && strncmp(name, "COM", 3) == 0;
}

/* "USB\VID_1A86&PID_7523\5&1234" or "FTDIBUS\VID_0403+PID_6001+SERIALA\0000". What follows the ids is
 * a serial number unless Windows made it up, which it does with "&" inside. FTDI's driver appends
 * the letter of the channel. */
static void read_ids(struct rk_port *port, const char *instance)
{
    const char *vid = strstr(instance, "VID_"), *pid = strstr(instance, "PID_");
    bool ftdi = strncmp(instance, "FTDIBUS\\", 8) == 0;

    if (!vid || !pid)
        return;
    port->usb = true;
    port->vid = (uint16_t)strtoul(vid + 4, NULL, 16);
    port->pid = (uint16_t)strtoul(pid + 4, NULL, 16);
    const char *serial = strpbrk(pid + 4, ftdi ? "+" : "\\");
    if (!serial || strchr(serial, '&'))
        return;
    size_t len = strcspn(serial + 1, "\\");
    if (ftdi && len > 0)
        len--;
    rk_text_copy(port->serial, len < sizeof port->serial ? len + 1 : sizeof port->serial,
                 serial + 1);
}

/* Opening a port would move its modem lines. A driver that is in use says so in no other way, so
 * `busy` stays false here and shows when the port is opened. */
static enum rk_status add_port(struct rk_port_list *list, HDEVINFO set, SP_DEVINFO_DATA *device,
                               struct rk_error *err)
{
    char name[32], instance[256] = "";

    if (!port_name(set, device, name, sizeof name))
        return RK_OK;
    struct rk_port *port = rk_port_list_add(list);
    if (!port)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    rk_text_copy(port->name, sizeof port->name, name);
    rk_text_copy(port->stable, sizeof port->stable, name);
    port->accessible = true;
    SetupDiGetDeviceRegistryPropertyA(set, device, SPDRP_FRIENDLYNAME, NULL,
                                      (BYTE *)port->description, sizeof port->description - 1,
                                      NULL);
    SetupDiGetDeviceInstanceIdA(set, device, instance, sizeof instance - 1, NULL);
    read_ids(port, instance);
    if (port->usb) {
        rk_text_format(port->stable, sizeof port->stable, "usb:%04x:%04x%s%s", port->vid, port->pid,
                       port->serial[0] ? ":" : "", port->serial);
        rk_port_name_bridge(port);
    }
    return RK_OK;
}

enum rk_status rk_ports_scan(struct rk_port_list *list, struct rk_error *err)
{
    HDEVINFO set =
        SetupDiGetClassDevsA(&com_port, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
    SP_DEVINFO_DATA device = {.cbSize = sizeof device};
    enum rk_status st = RK_OK;

    if (set == INVALID_HANDLE_VALUE)
        return rk_fail(err, RK_ERR_PORT_IO, "port.list", "cannot list the devices: error %lu",
                       GetLastError());
    for (DWORD i = 0; st == RK_OK && SetupDiEnumDeviceInfo(set, i, &device); i++)
        st = add_port(list, set, &device, err);
    SetupDiDestroyDeviceInfoList(set);
    return st;
}
