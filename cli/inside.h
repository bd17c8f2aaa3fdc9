/* The settings inside a flash: where they come from for a command, and how they are shown. */
#ifndef CLI_INSIDE_H
#define CLI_INSIDE_H

#include "cli.h"

/* What a command works on: a file, or the module behind -p. */
struct inside {
    struct cli *cli;
    const char *name; /* file name or port */
    uint8_t *data;
    size_t len;
    bool module; /* `data` is the flash of a module, sectors that were not read are blank */
    struct rk_tuya *tuya;
    struct rk_obk *obk;
    struct rk_product *product;
    struct rk_error tuya_error, obk_error; /* why there is none */
};

/* Loads the source: the module behind -p if name is NULL, else the file. What it holds is read;
 * holding nothing is no error yet. `whole`: all of a module's flash, not only
 * where settings usually are. Fills cli->err. */
RK_MUST_CHECK enum rk_status inside_load(struct cli *cli, const char *name, bool whole,
                                         struct inside *out);
void inside_free(struct inside *in);

/* RK_OK if there are settings of any kind; else the error that says what was looked for. */
RK_MUST_CHECK enum rk_status inside_need_any(struct inside *in);

/* Writes changed sectors to the module behind -p: backed up, written, verified. */
RK_MUST_CHECK enum rk_status inside_write_module(struct inside *in, uint32_t addr,
                                                 const uint8_t *data, size_t len);

/* The verbs; each returns a status with cli->err filled, and the result written. */
enum rk_status inside_show(struct inside *in);
enum rk_status inside_keys(struct inside *in);
enum rk_status inside_get(struct inside *in, const char *name);
enum rk_status inside_set(struct inside *in, const char *const *changes, size_t count);
enum rk_status inside_export(struct inside *in);
enum rk_status inside_import(struct inside *in, const char *file);
enum rk_status inside_convert(struct inside *in);
enum rk_status inside_scrub(struct inside *in);
/* Lists the files; with --output copies them there, all or the one named (NULL = all). */
enum rk_status inside_files(struct inside *in, const char *path);

/* Writes an output file named by --output, or small text to standard output without one. `secret`
 * makes it readable by its owner only. */
RK_MUST_CHECK enum rk_status inside_output(struct inside *in, const void *data, size_t len,
                                           bool secret);

#endif
