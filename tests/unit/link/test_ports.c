/* Listing and choosing ports, on a fabricated machine. */
#include "unit/unit.h"

#include "link/bridge.h"
#include "link/ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];

static void put_file(const char *path, const char *text)
{
    char full[512];
    FILE *f;

    snprintf(full, sizeof full, "%s/%s", root, path);
    for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        (void)mkdir(full, 0755);
        *p = '/';
    }
    f = fopen(full, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void put_link(const char *path, const char *target)
{
    char full[512];

    put_file(path, "");
    snprintf(full, sizeof full, "%s/%s", root, path);
    assert_int_equal(unlink(full), 0);
    assert_int_equal(symlink(target, full), 0);
}

/* A USB adapter at usb1/1-N with its tty: class entry, interface folder, device file. */
static void put_adapter(int n, const char *tty, const char *vid, const char *pid,
                        const char *product, const char *serial)
{
    char path[200], target[200];

    snprintf(path, sizeof path, "sys/devices/usb1/1-%d/idVendor", n);
    put_file(path, vid);
    snprintf(path, sizeof path, "sys/devices/usb1/1-%d/idProduct", n);
    put_file(path, pid);
    snprintf(path, sizeof path, "sys/devices/usb1/1-%d/product", n);
    put_file(path, product);
    if (serial) {
        snprintf(path, sizeof path, "sys/devices/usb1/1-%d/serial", n);
        put_file(path, serial);
    }
    snprintf(path, sizeof path, "sys/devices/usb1/1-%d/1-%d:1.0/%s/tty/%s/uevent", n, n, tty, tty);
    put_file(path, "");
    snprintf(path, sizeof path, "sys/devices/usb1/1-%d/1-%d:1.0/%s/tty/%s/device", n, n, tty, tty);
    put_link(path, "../..");
    snprintf(path, sizeof path, "sys/class/tty/%s", tty);
    snprintf(target, sizeof target, "../../devices/usb1/1-%d/1-%d:1.0/%s/tty/%s", n, n, tty, tty);
    put_link(path, target);
    snprintf(path, sizeof path, "dev/%s", tty);
    put_file(path, "");
}

static int build_machine(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/rekindle-ports-XXXXXX");
    assert_non_null(mkdtemp(root));
    put_file("sys/class/tty/tty0/uevent", "");   /* a console: no device */
    put_file("sys/class/tty/ttyS0/type", "4\n"); /* a real UART */
    put_file("sys/class/tty/ttyS0/device/uevent", "");
    put_file("dev/ttyS0", "");
    put_file("sys/class/tty/ttyS1/type", "0\n"); /* kept in store by the kernel */
    put_file("sys/class/tty/ttyS1/device/uevent", "");
    put_adapter(1, "ttyUSB10", "1a86\n", "7523\n", "USB Serial\n", NULL);
    put_adapter(2, "ttyUSB2", "10c4\n", "ea60\n", "CP2102N USB to UART Bridge Controller\n",
                "0a1b2c\n");
    put_adapter(3, "ttyACM0", "1234\n", "5678\n", "Printer \033[31m\n", "x\n");
    put_link("dev/serial/by-id/usb-Silicon_Labs_CP2102N-if00-port0", "../../ttyUSB2");
    return 0;
}

static int remove_machine(void **state)
{
    char command[100];

    (void)state;
    snprintf(command, sizeof command, "rm -r '%s'", root);
    return system(command);
}

static const struct rk_port *find(const struct rk_port_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->ports[i].name, name) == 0)
            return &list->ports[i];
    return NULL;
}

static void a_machine_is_listed(void **state)
{
    struct rk_port_list list = {.ports = NULL};
    const struct rk_port *port;
    (void)state;
    assert_int_equal(rk_ports_scan_root(&list, root, NULL), RK_OK);
    assert_int_equal(list.count, 4);
    assert_null(find(&list, "/dev/ttyS1"));
    assert_null(find(&list, "/dev/tty0"));
    port = find(&list, "/dev/ttyS0");
    assert_non_null(port);
    assert_false(port->usb);
    assert_true(port->accessible);
    port = find(&list, "/dev/ttyUSB10");
    assert_non_null(port);
    assert_true(port->usb);
    assert_int_equal(port->vid, 0x1a86);
    assert_int_equal(port->pid, 0x7523);
    assert_string_equal(port->bridge, "CH340");
    assert_string_equal(port->stable, "usb:1a86:7523");
    assert_int_equal(port->max_baud, 2000000);
    port = find(&list, "/dev/ttyUSB2");
    assert_non_null(port);
    assert_string_equal(port->bridge, "CP2102N");
    assert_string_equal(port->serial, "0a1b2c");
    assert_string_equal(port->stable, "/dev/serial/by-id/usb-Silicon_Labs_CP2102N-if00-port0");
    port = find(&list, "/dev/ttyACM0");
    assert_non_null(port);
    assert_string_equal(port->bridge, "");
    assert_string_equal(port->description, "Printer \\x1b[31m");
    rk_ports_free(list.ports);
}

static void a_machine_without_sysfs_has_no_ports(void **state)
{
    struct rk_port_list list = {.ports = NULL};
    (void)state;
    assert_int_equal(rk_ports_scan_root(&list, "/nonexistent", NULL), RK_OK);
    assert_int_equal(list.count, 0);
}

#define KNOWN(n)                                                                                   \
    {                                                                                              \
        .name = n, .bridge = "CH340", .usb = true, .accessible = true                              \
    }

static void only_a_single_known_adapter_is_chosen(void **state)
{
    static const struct rk_port none[] = {{.name = "/dev/ttyS0", .accessible = true}};
    static const struct rk_port unknown[] = {
        {.name = "/dev/ttyACM0", .description = "Printer", .usb = true, .accessible = true}};
    static const struct rk_port one[] = {
        {.name = "/dev/ttyACM0", .description = "Printer", .usb = true, .accessible = true},
        KNOWN("/dev/ttyUSB0")};
    static const struct rk_port two[] = {KNOWN("/dev/ttyUSB0"), KNOWN("/dev/ttyUSB1")};
    static const struct rk_port busy[] = {{.name = "/dev/ttyUSB0",
                                           .bridge = "CH340",
                                           .usb = true,
                                           .accessible = true,
                                           .busy = true,
                                           .reason = "held by picocom"}};
    static const struct rk_port denied[] = {
        {.name = "/dev/ttyUSB0", .bridge = "CH340", .usb = true, .reason = "no permission"}};
    static const struct {
        const struct rk_port *ports;
        size_t count;
        enum rk_status status;
        const char *id, *told; /* told: in detail or hint */
    } cases[] = {
        {none, 0, RK_ERR_PORT_NOT_FOUND, "port.none", "0 other"},
        {none, 1, RK_ERR_PORT_NOT_FOUND, "port.none", "1 other serial port here"},
        {unknown, 1, RK_ERR_PORT_NOT_FOUND, "port.none", "/dev/ttyACM0 (Printer)"},
        {one, 2, RK_OK, NULL, NULL},
        {two, 2, RK_ERR_PORT_NOT_FOUND, "port.ambiguous", "/dev/ttyUSB1 (CH340)"},
        {busy, 1, RK_ERR_PORT_BUSY, "port.busy", "held by picocom"},
        {denied, 1, RK_ERR_PORT_DENIED, "port.denied", "no permission"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[128] = "";
        struct rk_error err = {.status = RK_OK};
        enum rk_status st = rk_port_pick(cases[i].ports, cases[i].count, name, sizeof name, &err);
        assert_int_equal(st, cases[i].status);
        assert_string_equal(name, st == RK_OK ? "/dev/ttyUSB0" : "");
        if (st == RK_OK)
            continue;
        assert_string_equal(err.id, cases[i].id);
        assert_true(strstr(err.detail, cases[i].told) || strstr(err.hint, cases[i].told));
    }
}

static void the_product_text_tells_bridges_apart(void **state)
{
    (void)state;
    assert_string_equal(rk_bridge_find(0x10c4, 0xea60, "CP2102N USB")->name, "CP2102N");
    assert_string_equal(rk_bridge_find(0x10c4, 0xea60, "CP2102 USB")->name, "CP2102");
    assert_string_equal(rk_bridge_find(0x10c4, 0xea60, "")->name, "CP210x");
    assert_null(rk_bridge_find(0x1234, 0x5678, "CP2102"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_machine_is_listed, build_machine, remove_machine),
        cmocka_unit_test(a_machine_without_sysfs_has_no_ports),
        cmocka_unit_test(only_a_single_known_adapter_is_chosen),
        cmocka_unit_test(the_product_text_tells_bridges_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
