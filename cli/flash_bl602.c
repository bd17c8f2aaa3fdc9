/* rekindle flash for the BL602: where the pieces come from that the module lacks. */
#include "flash_bl602.h"

#include "base/text.h"
#include "store/file.h"

#include <stdlib.h>
#include <string.h>

bool flash_is_bl602(const struct session *s, const uint8_t *data, size_t len)
{
    struct rk_image_facts facts;

    if (strcmp(rk_device_info(s->dev)->family, "bl602") != 0)
        return false;
    rk_image_identify(data, len, NULL, &facts);
    return facts.kind != RK_IMAGE_BL602_DUMP;
}

enum rk_status flash_bl602_load(struct session *s, struct flash_bl602 *out)
{
    const struct invocation *in = &s->cli->in;
    const char *boot = option_value(in, "boot"), *tree = option_value(in, "device-tree");
    const char *layout = option_value(in, "layout");
    struct rk_bl602_sources *sources = &out->sources;

    *out = (struct flash_bl602){.sources = {.size = sizeof *sources}};
    enum rk_status st = boot ? session_load(s, boot, &out->boot, &sources->boot2_len) : RK_OK;
    sources->default_tree = tree && strcmp(tree, "default") == 0;
    if (st == RK_OK && tree && !sources->default_tree)
        st = session_load(s, tree, &out->tree, &sources->tree_len);
    if (layout && !rk_file_exists(layout) && !strpbrk(layout, "./\\"))
        sources->layout = layout;
    else if (st == RK_OK && layout)
        st = session_load(s, layout, &out->table, &sources->table_len);
    sources->boot2 = out->boot;
    sources->tree = out->tree;
    sources->table = out->table;
    return st;
}

void flash_bl602_free(struct flash_bl602 *pieces)
{
    free(pieces->boot);
    free(pieces->tree);
    free(pieces->table);
}
