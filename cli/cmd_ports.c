#include "cli.h"

static const struct option options[] = {
    {"names", 0, OPTION_SWITCH, NULL, "print only the names, one a line", NULL, false, false},
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

static void put_port(struct rk_json *json, const struct rk_port *p)
{
    rk_json_object_begin(json);
    rk_json_put_string(json, "name", p->name);
    rk_json_put_string(json, "stable", p->stable);
    rk_json_put_string(json, "description", p->description[0] ? p->description : NULL);
    rk_json_put_string(json, "bridge", p->bridge[0] ? p->bridge : NULL);
    rk_json_put_string(json, "serial", p->serial[0] ? p->serial : NULL);
    rk_json_key(json, "vid");
    if (p->usb)
        rk_json_u64(json, p->vid);
    else
        rk_json_null(json);
    rk_json_key(json, "pid");
    if (p->usb)
        rk_json_u64(json, p->pid);
    else
        rk_json_null(json);
    rk_json_key(json, "max_baud");
    if (p->max_baud)
        rk_json_u64(json, p->max_baud);
    else
        rk_json_null(json);
    rk_json_put_bool(json, "usb", p->usb);
    rk_json_put_bool(json, "accessible", p->accessible);
    rk_json_put_bool(json, "busy", p->busy);
    rk_json_put_string(json, "reason", p->reason[0] ? p->reason : NULL);
    rk_json_object_end(json);
}

static void put_line(struct text *text, const struct rk_port *p)
{
    text_printf(text, "%-16s %-10s", p->name, p->bridge[0] ? p->bridge : p->usb ? "USB" : "-");
    if (p->usb)
        text_printf(text, " %04x:%04x", p->vid, p->pid);
    if (p->max_baud)
        text_printf(text, "  up to %u baud", (unsigned)p->max_baud);
    if (p->description[0])
        text_printf(text, "  %s", p->description);
    text_printf(text, "%s\n", p->accessible && !p->busy ? "" : "  NOT USABLE");
    if (p->reason[0])
        text_printf(text, "    %s\n", p->reason);
    if (p->usb)
        text_printf(text, "    stable name: %s\n", p->stable);
}

static int run(struct cli *cli)
{
    struct rk_port *ports = NULL;
    size_t count = 0;
    struct text text = {.bytes = NULL};
    struct rk_json json;

    if (rk_ports_list(NULL, &ports, &count, &cli->err) != RK_OK)
        return cli_fail(cli);
    cli_result_begin(cli, &json);
    rk_json_object_begin(&json);
    rk_json_key(&json, "ports");
    rk_json_array_begin(&json);
    for (size_t i = 0; i < count; i++) {
        put_port(&json, &ports[i]);
        if (option_on(&cli->in, "names"))
            text_printf(&text, "%s\n", ports[i].name);
        else
            put_line(&text, &ports[i]);
    }
    rk_json_array_end(&json);
    rk_json_object_end(&json);
    rk_ports_free(ports);
    if (cli->out.json == JSON_OFF)
        output_result(&cli->out, text.bytes ? text.bytes : "", text.len);
    if (count == 0 && cli->out.json == JSON_OFF)
        output_story(&cli->out, "", "ports",
                     "no serial port found; try `rekindle -p sim:bk7231n info`");
    text_free(&text);
    return EXIT_OK;
}

const struct command command_ports = {
    .name = "ports",
    .summary = "list the serial ports and what hinders their use",
    .usage = "",
    .description =
        "Lists the serial ports with the USB bridge behind them, the highest rate that bridge is "
        "good "
        "for, a name that survives re-plugging, and whether the port can be used, else why not and "
        "what to do. No port is opened: opening one can reset what is connected.",
    .options = options,
    .run = run,
};
