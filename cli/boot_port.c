#include "boot_port.h"

#include "sim_port.h"

#include "base/text.h"

#include <rekindle/emulate.h>
#include <rekindle/image.h>

#include <string.h>

static const char *model_of(const char *chip)
{
    size_t count;
    const struct rk_sim_model *models = rk_sim_models(&count);

    for (size_t i = 0; i < count; i++)
        if (rk_text_same(models[i].chip, chip))
            return models[i].name;
    return NULL;
}

/* What the chip has not is refused as it is without a port. */
static enum rk_status check_conditions(const struct rk_boot_request *q, const char *chip,
                                       struct rk_error *err)
{
    const struct rk_emulate_options opt = {.size = sizeof opt,
                                           .chip = q->chip ? q->chip : chip,
                                           .flash = q->image,
                                           .flash_len = q->image_len,
                                           .have_key = q->have_key,
                                           .rom = q->rom,
                                           .rom_len = q->rom_len};
    struct rk_emulator *emulator = NULL;
    enum rk_status st = opt.chip[0] ? rk_emulator_new(&opt, &emulator, err) : RK_OK;

    rk_emulator_free(emulator);
    return st;
}

enum rk_status boot_port_serve(struct cli *cli, const struct rk_boot_request *request,
                               const char *where)
{
    struct rk_sim_serve_options faces = {.size = sizeof faces,
                                         .save_path = option_value(&cli->in, "save")};
    struct rk_sim_options module = {.size = sizeof module,
                                    .flash = request->image,
                                    .flash_len = request->image_len,
                                    .have_key = request->have_key,
                                    .emulate = true,
                                    .rom = request->rom,
                                    .rom_len = request->rom_len};
    struct rk_image_facts facts;
    struct rk_sim_stats stats;

    if (strncmp(where, "pty:", 4) != 0 || !where[4]) {
        rk_fail(&cli->err, RK_ERR_ARG, "usage.value", "\"%s\" is no place for a port", where);
        rk_error_hint(&cli->err, "pty:LINK; `rekindle sim --emulate` offers TCP ports, too");
        return RK_ERR_ARG;
    }
    rk_image_identify(request->image, request->image_len, request->name, &facts);
    enum rk_status st = check_conditions(request, facts.chip, &cli->err);
    if (st != RK_OK)
        return st;
    faces.pty = where + 4;
    module.model = model_of(request->chip ? request->chip : facts.chip);
    memcpy(module.key, request->key, sizeof module.key);
    if (!module.model) {
        rk_fail(&cli->err, RK_ERR_ARG, "emulate.chip",
                "this file does not tell which chip it needs");
        rk_error_hint(&cli->err, "name it with --chip");
        return RK_ERR_ARG;
    }
    return sim_port_serve(cli, &module, &faces, &stats);
}
