/* Serial ports on macOS: the I/O registry. Only the "cu" names, which do not wait for a carrier. Read
 * in the headers of IOKit, never run by us. */
#include "link/ports.h"

#include "base/text.h"

#include <CoreFoundation/CoreFoundation.h>
#include <IOKit/IOKitLib.h>
#include <IOKit/serial/IOSerialKeys.h>
#include <unistd.h>

/* A property of the service or of a device above it (the serial driver sits on the USB device). */
static CFTypeRef property(io_object_t service, CFStringRef key)
{
    return IORegistryEntrySearchCFProperty(service, kIOServicePlane, key, kCFAllocatorDefault,
                                           kIORegistryIterateRecursively |
                                               kIORegistryIterateParents);
}

static bool read_text(io_object_t service, CFStringRef key, char *text, size_t cap)
{
    CFTypeRef value = property(service, key);
    bool ok = value && CFGetTypeID(value) == CFStringGetTypeID() &&
              CFStringGetCString((CFStringRef)value, text, (CFIndex)cap, kCFStringEncodingUTF8);

    if (!ok)
        text[0] = '\0';
    if (value)
        CFRelease(value);
    return ok;
}

static bool read_id(io_object_t service, CFStringRef key, uint16_t *id)
{
    CFTypeRef value = property(service, key);
    int number = 0;
    bool ok = value && CFGetTypeID(value) == CFNumberGetTypeID() &&
              CFNumberGetValue((CFNumberRef)value, kCFNumberIntType, &number);

    *id = (uint16_t)number;
    if (value)
        CFRelease(value);
    return ok;
}

static enum rk_status add_port(struct rk_port_list *list, io_object_t service, struct rk_error *err)
{
    char name[sizeof list->ports->name];

    if (!read_text(service, CFSTR(kIOCalloutDeviceKey), name, sizeof name))
        return RK_OK;
    struct rk_port *port = rk_port_list_add(list);
    if (!port)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    rk_text_copy(port->name, sizeof port->name, name);
    rk_text_copy(port->stable, sizeof port->stable, name);
    port->usb = read_id(service, CFSTR("idVendor"), &port->vid) &&
                read_id(service, CFSTR("idProduct"), &port->pid);
    if (port->usb) {
        read_text(service, CFSTR("USB Product Name"), port->description, sizeof port->description);
        read_text(service, CFSTR("USB Serial Number"), port->serial, sizeof port->serial);
        rk_text_format(port->stable, sizeof port->stable, "usb:%04x:%04x%s%s", port->vid, port->pid,
                       port->serial[0] ? ":" : "", port->serial);
        rk_port_name_bridge(port);
    }
    port->accessible = access(name, R_OK | W_OK) == 0;
    if (!port->accessible)
        rk_text_copy(port->reason, sizeof port->reason, "no permission to open it");
    return RK_OK;
}

enum rk_status rk_ports_scan(struct rk_port_list *list, struct rk_error *err)
{
    io_iterator_t services;
    enum rk_status st = RK_OK;

    if (IOServiceGetMatchingServices(MACH_PORT_NULL, IOServiceMatching(kIOSerialBSDServiceValue),
                                     &services) != KERN_SUCCESS)
        return rk_fail(err, RK_ERR_PORT_IO, "port.list", "cannot list the devices");
    for (io_object_t service; (service = IOIteratorNext(services)) != 0;) {
        if (st == RK_OK)
            st = add_port(list, service, err);
        IOObjectRelease(service);
    }
    IOObjectRelease(services);
    return st;
}
