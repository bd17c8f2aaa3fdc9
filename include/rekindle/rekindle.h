/* The whole public interface of librekindle.
 *
 *   rk_context_new -> rk_link_open -> rk_device_connect -> rk_job_* -> free in reverse order
 *
 * Rules that hold everywhere: addresses and lengths are bytes of the raw flash, ranges are
 * half-open; outputs are written only on success unless said otherwise; *_free and *_close accept
 * NULL; structures with a `size` member are initialised by the caller with sizeof. */
#ifndef REKINDLE_H
#define REKINDLE_H

#include <rekindle/bl602.h>
#include <rekindle/boot.h>
#include <rekindle/checkup.h>
#include <rekindle/clock.h>
#include <rekindle/context.h>
#include <rekindle/convert.h>
#include <rekindle/device.h>
#include <rekindle/easyflash.h>
#include <rekindle/emulate.h>
#include <rekindle/error.h>
#include <rekindle/identity.h>
#include <rekindle/image.h>
#include <rekindle/inspect.h>
#include <rekindle/job.h>
#include <rekindle/link.h>
#include <rekindle/littlefs.h>
#include <rekindle/module.h>
#include <rekindle/monitor.h>
#include <rekindle/move.h>
#include <rekindle/openbeken.h>
#include <rekindle/plan.h>
#include <rekindle/port.h>
#include <rekindle/product.h>
#include <rekindle/redact.h>
#include <rekindle/repair.h>
#include <rekindle/scrub.h>
#include <rekindle/sim.h>
#include <rekindle/update.h>
#include <rekindle/tuya.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version of the library, "MAJOR.MINOR.PATCH". */
const char *rk_version(void);

#ifdef __cplusplus
}
#endif
#endif
