#include "cli.h"

static const struct option options[] = {
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

static const char *support_name(enum rk_support support)
{
    static const char *const names[] = {"no", "untested", "simulated", "executed"};

    return (size_t)support < sizeof names / sizeof names[0] ? names[support] : "no";
}

static void put_chip(struct rk_json *json, const struct rk_chip_entry *c)
{
    rk_json_object_begin(json);
    rk_json_put_string(json, "name", c->name);
    rk_json_put_string(json, "family", c->family);
    rk_json_put_string(json, "aka", c->aka[0] ? c->aka : NULL);
    rk_json_put_bool(json, "loader_in_rom", c->loader_in_rom);
    rk_json_put_u64(json, "usual_flash_size", c->usual_flash_size);
    rk_json_put_string(json, "identify", support_name(c->identify));
    rk_json_put_string(json, "read", support_name(c->read));
    rk_json_put_string(json, "write", support_name(c->write));
    rk_json_put_string(json, "evidence", c->evidence);
    rk_json_object_end(json);
}

static int run(struct cli *cli)
{
    struct text text = {.bytes = NULL};
    struct rk_json json;
    const struct rk_chip_entry *c;

    cli_result_begin(cli, &json);
    rk_json_object_begin(&json);
    rk_json_key(&json, "chips");
    rk_json_array_begin(&json);
    text_printf(&text, "%-9s %-15s %-7s %-9s %-10s %s\n", "chip", "also", "loader", "flash",
                "writing", "proven with");
    for (size_t i = 0; (c = rk_chip(i)) != NULL; i++) {
        put_chip(&json, c);
        text_printf(&text, "%-9s %-15s %-7s %u MiB%4s %-10s %s\n", c->name, c->aka,
                    c->loader_in_rom ? "ROM" : "flash", (unsigned)(c->usual_flash_size >> 20), "",
                    support_name(c->write), c->evidence);
    }
    text_printf(&text,
                "\nROM: a bad flash never locks you out. flash: the loader is in the flash; it "
                "is never overwritten.\n");
    rk_json_array_end(&json);
    rk_json_object_end(&json);
    if (cli->out.json == JSON_OFF)
        output_result(&cli->out, text.bytes ? text.bytes : "", text.len);
    text_free(&text);
    return EXIT_OK;
}

const struct command command_chips = {
    .name = "chips",
    .summary = "list the supported chips and how far each ability is proven",
    .usage = "",
    .description =
        "Lists the supported chips. `executed`: proven against the chip's real boot code; "
        "`simulated`: proven against the virtual module and public clients; `untested`: "
        "written from documents.",
    .options = options,
    .run = run,
};
