/* Marks in a boot log, as needed while it runs: where a start of the module begins, and which phase
 * a line reaches. The full evaluation of a log is a diagnosis. */
#ifndef RK_JOB_BOOT_MARK_H
#define RK_JOB_BOOT_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_NO_MARK    SIZE_MAX
#define RK_MARK_SPAN  32u /* longest mark */
#define RK_MARK_LEAST 5u  /* shortest */

/* Can a mark end with this byte? Cheap, for every byte. */
bool rk_boot_mark_ends(uint8_t byte);

/* Offset at which the banner of a boot loader begins in a line whose last byte just came; RK_NO_MARK
 * if it does not. Each banner is found once: when it is complete enough to be known. */
size_t rk_boot_mark(const uint8_t *line, size_t len);

/* Length of the time that a terminal program has put in front of a line ("[12:34:56.789] - "), with
 * what separates it from the text; 0 if there is none. */
size_t rk_boot_time(const char *line, size_t len);

/* Id of the phase that a line (printable text) reaches, or NULL. */
const char *rk_boot_phase(const char *line, size_t len);

#endif
