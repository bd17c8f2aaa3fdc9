/* Configuration files: INI, strict. Pure parsing. */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include <rekindle/error.h>

#define CONFIG_KEYS 5

/* Keys a configuration file may set. None of them can lift a safety rule. */
enum config_key { CONFIG_PORT, CONFIG_CHIP, CONFIG_BAUD, CONFIG_RESET, CONFIG_BACKUP_DIR };

const char *config_key_name(enum config_key key);

/* One file: values by key, NULL where it says nothing. */
struct config {
    char *values[CONFIG_KEYS];
};

/* Parses text[len]: `key = value` lines, # and ; comments, an optional [rekindle] section.
 * Unknown keys and sections are errors with the line number. `name` is for messages. Values are
 * allocated: config_free(). Errors: ARG "config.*", NOMEM. */
RK_MUST_CHECK enum rk_status config_parse(const char *name, const char *text, size_t len,
                                          struct config *out, struct rk_error *err);
void config_free(struct config *config);

#endif
