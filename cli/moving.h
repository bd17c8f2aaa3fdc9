/* Moving house: settings of the old firmware for the new one, while it is flashed. */
#ifndef CLI_MOVING_H
#define CLI_MOVING_H

#include "cli.h"

/* True if `--config auto` was given to flash. The global option --config names a file; for flash the
 * word auto means this (a file of that name is ./auto). */
bool moving_wanted(const struct invocation *in);

/* Reads the sectors of a module in which settings live; all others come out blank. *data is
 * allocated and as long as the flash; with `everything`, all of it is read. */
RK_MUST_CHECK enum rk_status moving_read(struct rk_device *dev, bool everything, uint8_t **data,
                                         size_t *len, struct rk_error *err);

/* Asks for the network if there is somebody to ask and no option names one. */
void moving_ask(struct cli *cli);

/* The configuration to be written with the image. */
struct moving {
    struct rk_obk_patch patch;
    struct rk_segment segment; /* points into the patch */
    struct rk_move_report report;
    bool prepared;
};

/* Reads the settings of the module, makes the new configuration and puts it into the policy.
 * moving_free() after the job. */
RK_MUST_CHECK enum rk_status moving_prepare(struct session *s, struct rk_write_policy *policy,
                                            struct moving *out);
void moving_free(struct moving *moving);

/* What was carried over, as the member "settings" of the result; nothing if nothing was. */
void moving_put(const struct moving *moving, struct rk_json *json);

#endif
