/* The table of commands, in the order of the help. */
#include "command.h"

#include "base/text.h"

#include <string.h>

extern const struct command command_ports, command_info, command_backup, command_restore,
    command_flash, command_inspect, command_image, command_boot, command_read, command_write,
    command_erase, command_verify, command_diff, command_reset, command_config, command_module,
    command_monitor, command_diagnose, command_explain, command_repair, command_report, command_sim,
    command_chips, command_completion, command_man, command_help, command_version;

/* clang-format off */
const struct command *const commands[] = {
    &command_ports,
    &command_info,
    &command_backup,
    &command_restore,
    &command_flash,
    &command_inspect,
    &command_image,
    &command_boot,
    &command_read,
    &command_write,
    &command_erase,
    &command_verify,
    &command_diff,
    &command_reset,
    &command_config,
    &command_module,
    &command_monitor,
    &command_diagnose,
    &command_explain,
    &command_repair,
    &command_report,
    &command_sim,
    &command_chips,
    &command_completion,
    &command_man,
    &command_help,
    &command_version,
    NULL,
};
/* clang-format on */

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0 ||
            (commands[i]->alias && strcmp(commands[i]->alias, name) == 0))
            return commands[i];
    return NULL;
}

const char *command_nearest(const char *name)
{
    const char *names[64];
    size_t count = 0;

    for (size_t i = 0; commands[i] && count < 63; i++) {
        if (!commands[i]->hidden)
            names[count++] = commands[i]->name;
        if (commands[i]->alias)
            names[count++] = commands[i]->alias;
    }
    return rk_text_nearest(name, names, count, sizeof names[0]);
}
