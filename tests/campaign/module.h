/* A virtual module on a virtual clock, with a folder for its backups: what every run needs. */
#ifndef RK_CAMPAIGN_MODULE_H
#define RK_CAMPAIGN_MODULE_H

#include <rekindle/rekindle.h>

struct module {
    struct rk_sim *sim;
    struct rk_context *ctx;
    struct rk_link *link;
    struct rk_device *dev;
    uint8_t *original; /* the flash before the run */
    size_t size;
    char folder[64];
    int64_t utc;
};

/* Switches on a module whose flash holds something believable made from `seed`: a boot loader, an
 * application, RF calibration with a MAC, settings. Exits the program if that is impossible. */
void module_make(struct module *m, const char *model, const char *loader, uint64_t seed,
                 const struct rk_sim_faults *faults);

/* The same with a given flash. */
void module_make_with(struct module *m, const char *model, const char *loader, const uint8_t *flash,
                      size_t len, const struct rk_sim_faults *faults);

/* Links and identifies anew, as a new start of the program would. */
enum rk_status module_connect(struct module *m, struct rk_error *err);
void module_disconnect(struct module *m);

/* Takes the faults away and cycles the power. */
void module_heal(struct module *m);

/* Virtual seconds since the link was opened. */
double module_seconds(const struct module *m);

/* Where the module has its calibration; 0 if nowhere. */
uint32_t module_rf(const struct module *m);

/* True if a file holds exactly these bytes. */
bool module_file_is(const char *path, const uint8_t *data, size_t len);

void module_free(struct module *m);

#endif
