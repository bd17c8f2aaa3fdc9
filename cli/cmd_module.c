/* Modules and their pads, drawn for the terminal. */
#include "cli.h"

#include "base/text.h"

#include <string.h>

#define PADS_MAX 64u

static const struct option options[] = {
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

static bool is_test_pad(const struct rk_module_pad *pad)
{
    return pad->pad[0] == 'T';
}

/* One side of the drawing: number, signal, what it is for. */
static void side(char *out, size_t cap, const struct rk_module_pad *pad)
{
    rk_text_format(out, cap, "%s%s%s", pad->signal, pad->note[0] ? "  " : "", pad->note);
}

/* Pads count down the left side and up the right one, as on the module seen from above. */
static void draw(struct text *text, const struct rk_module *module,
                 const struct rk_module_pad *pads, size_t count)
{
    size_t edge = 0, left;
    char name[48];

    while (edge < count && !is_test_pad(&pads[edge]))
        edge++;
    left = (edge + 1) / 2;
    rk_text_format(name, sizeof name, "%s", module->name);
    text_printf(text, "%36s +--------------+\n", "");
    for (size_t i = 0; i < left; i++) {
        char l[48], r[48] = "";
        size_t other = edge - 1 - i;
        side(l, sizeof l, &pads[i]);
        if (other >= left)
            side(r, sizeof r, &pads[other]);
        text_printf(text, "%36s | %2s        %2s | %s\n", l, pads[i].pad,
                    other >= left ? pads[other].pad : "", r);
    }
    text_printf(text, "%36s +--------------+\n", "");
    for (size_t i = edge; i < count; i++)
        text_printf(text, "%36s   test pad %-6s %s\n", "", pads[i].pad, pads[i].signal);
}

static void put_pads(struct rk_json *json, const struct rk_module_pad *pads, size_t count)
{
    rk_json_key(json, "pads");
    rk_json_array_begin(json);
    for (size_t i = 0; i < count; i++) {
        rk_json_object_begin(json);
        rk_json_put_string(json, "pad", pads[i].pad);
        rk_json_put_string(json, "signal", pads[i].signal);
        rk_json_put_string(json, "note", pads[i].note[0] ? pads[i].note : NULL);
        rk_json_object_end(json);
    }
    rk_json_array_end(json);
}

static int list_modules(struct cli *cli)
{
    struct text text = {.bytes = NULL};
    const struct rk_module *modules;
    size_t count = rk_modules(&modules);
    struct rk_json json;

    cli_result_begin(cli, &json);
    rk_json_object_begin(&json);
    rk_json_key(&json, "modules");
    rk_json_array_begin(&json);
    for (size_t i = 0; i < count; i++) {
        rk_json_object_begin(&json);
        rk_json_put_string(&json, "name", modules[i].name);
        rk_json_put_string(&json, "chip", modules[i].chip);
        rk_json_object_end(&json);
        text_printf(&text, "%-20s %-10s %s\n", modules[i].name, modules[i].chip,
                    modules[i].pinout[0] ? "pads known" : "");
    }
    rk_json_array_end(&json);
    rk_json_object_end(&json);
    if (cli->out.json == JSON_OFF && text.bytes)
        output_result(&cli->out, text.bytes, text.len);
    text_free(&text);
    return EXIT_OK;
}

static int show_module(struct cli *cli, const struct rk_module *module)
{
    struct rk_module_pad pads[PADS_MAX];
    struct text text = {.bytes = NULL};
    struct rk_json json;
    size_t count = rk_module_pads(module, pads, PADS_MAX);

    count = count < PADS_MAX ? count : PADS_MAX;
    cli_result_begin(cli, &json);
    rk_json_object_begin(&json);
    rk_json_put_string(&json, "name", module->name);
    rk_json_put_string(&json, "part", module->part);
    rk_json_put_string(&json, "chip", module->chip);
    rk_json_put_u64(&json, "flash_size", module->flash_size);
    rk_json_put_u64(&json, "pad_count", module->pads);
    put_pads(&json, pads, count);
    rk_json_object_end(&json);
    text_printf(&text, "%s: chip %s", module->name, module->part);
    if (module->flash_size)
        text_printf(&text, ", %u MiB flash", (unsigned)(module->flash_size >> 20));
    if (module->pads)
        text_printf(&text, ", %u pads", (unsigned)module->pads);
    text_printf(&text, "\n");
    if (count)
        draw(&text, module, pads, count);
    else
        text_printf(&text, "its pads are not known\n");
    if (cli->out.json == JSON_OFF)
        output_result(&cli->out, text.bytes, text.len);
    text_free(&text);
    return EXIT_OK;
}

static int run(struct cli *cli)
{
    const struct rk_module *modules, *module;
    size_t count = rk_modules(&modules);

    if (cli->in.positional_count == 0)
        return list_modules(cli);
    module = rk_module_find(cli->in.positionals[0]);
    if (module)
        return show_module(cli, module);
    const char *near =
        rk_text_nearest(cli->in.positionals[0], &modules[0].name, count, sizeof modules[0]);
    rk_fail(&cli->err, RK_ERR_ARG, "module.unknown", "no module \"%s\" is known",
            cli->in.positionals[0]);
    rk_error_hint(&cli->err, near ? "did you mean %s?" : "`rekindle module` lists them", near);
    return cli_fail(cli);
}

const struct command command_module = {
    .name = "module",
    .summary = "draw the pads of a module: supply, reset, download and log port",
    .usage = "[NAME]",
    .description = "Shows which chip is behind the name of a module (CB3S, WB2S, ..) and which pad "
                   "carries which signal, with those marked that are needed for flashing. Without "
                   "a name, lists the modules.",
    .options = options,
    .max_positionals = 1,
    .run = run,
};
