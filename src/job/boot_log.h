/* The log of an emulated start: kept, and judged as the checkup judges logs of real modules. */
#ifndef RK_JOB_BOOT_LOG_H
#define RK_JOB_BOOT_LOG_H

#include <rekindle/boot.h>

#define RK_BOOT_LOG_MAX (1u << 20) /* of one UART; what comes later is not judged */

struct rk_boot_log {
    uint8_t *bytes[2]; /* of UART1 and UART2 */
    size_t len[2];
};

/* False if there is no memory. */
bool rk_boot_log_add(struct rk_boot_log *log, unsigned unit, uint8_t byte);
/* Adds what the log of one UART tells to the findings, as warnings; of an application that is up
 * only its mode, for its log ended when it was. True if one of them says that this is no normal
 * start (a test mode), whatever phase it reached. */
bool rk_boot_log_judge(const struct rk_boot_log *log, unsigned unit, bool up,
                       struct rk_boot_result *out);
void rk_boot_log_free(struct rk_boot_log *log);

#endif
