#include "emulate/modules.h"

#include "base/text.h"

const struct rk_sim_family *rk_emulated_modules(const char *model)
{
    static const struct rk_sim_family *const families[] = {&rk_bk_modules, &rk_bl_modules};

    for (size_t f = 0; f < sizeof families / sizeof families[0]; f++)
        for (size_t m = 0; m < families[f]->model_count; m++)
            if (model && rk_text_same(model, families[f]->models[m].name))
                return families[f];
    return families[0];
}
