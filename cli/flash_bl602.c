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

enum rk_status flash_bl602(struct session *s, const struct rk_image_file *app,
                           const struct rk_write_policy *policy, struct rk_write_result *out)
{
    const struct invocation *in = &s->cli->in;
    const char *boot = option_value(in, "boot"), *tree = option_value(in, "device-tree");
    const char *layout = option_value(in, "layout");
    uint8_t *boot_data = NULL, *tree_data = NULL, *table_data = NULL;
    struct rk_bl602_sources sources = {.size = sizeof sources};
    enum rk_status st = boot ? session_load(s, boot, &boot_data, &sources.boot2_len) : RK_OK;

    sources.default_tree = tree && strcmp(tree, "default") == 0;
    if (st == RK_OK && tree && !sources.default_tree)
        st = session_load(s, tree, &tree_data, &sources.tree_len);
    if (layout && !rk_file_exists(layout))
        sources.layout = layout;
    else if (st == RK_OK && layout)
        st = session_load(s, layout, &table_data, &sources.table_len);
    sources.boot2 = boot_data;
    sources.tree = tree_data;
    sources.table = table_data;
    if (st == RK_OK)
        st = rk_job_flash_bl602(s->dev, app, &sources, policy, out, &s->err);
    free(boot_data);
    free(tree_data);
    free(table_data);
    return st;
}
