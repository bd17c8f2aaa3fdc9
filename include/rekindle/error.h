/* Errors as values: a code, a sentence, what was observed, and what to try.
 *
 * Every fallible function of the library returns an `enum rk_status` and, if it fails, fills the
 * `struct rk_error` its caller passed (NULL is allowed and means "only the code interests me").
 * Nothing is printed and nothing is allocated. On success the record is left as it was. */
#ifndef REKINDLE_ERROR_H
#define REKINDLE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__MINGW32__) && !defined(__clang__)
#define RK_PRINTF_STYLE gnu_printf /* plain "printf" would mean Microsoft's, without %zu */
#else
#define RK_PRINTF_STYLE printf
#endif
#if defined(__GNUC__)
#define RK_MUST_CHECK        __attribute__((warn_unused_result))
#define RK_PRINTF(fmt, args) __attribute__((format(RK_PRINTF_STYLE, fmt, args)))
#else
#define RK_MUST_CHECK
#define RK_PRINTF(fmt, args)
#endif

/* Status codes. The numbers are frozen; new ones are added, none is reused. 0 is success, the
 * rest is negative. How a code becomes an exit status of the program is documented in
 * rekindle(1). */
enum rk_status {
    RK_OK = 0,
    RK_ERR_INTERNAL = -1,         /* a bug of ours: please report */
    RK_ERR_ARG = -2,              /* the caller passed something that makes no sense */
    RK_ERR_NOMEM = -3,            /* out of memory */
    RK_ERR_CANCELLED = -4,        /* the cancelled() callback said so */
    RK_ERR_PORT_NOT_FOUND = -10,  /* no such port, or none, or several and nobody may choose */
    RK_ERR_PORT_BUSY = -11,       /* another program holds the port */
    RK_ERR_PORT_DENIED = -12,     /* the operating system refuses access */
    RK_ERR_PORT_GONE = -13,       /* the port disappeared while it was open */
    RK_ERR_PORT_CONFIG = -14,     /* the adapter refuses the settings, e.g. the baud rate */
    RK_ERR_PORT_IO = -15,         /* any other input or output error of the port */
    RK_ERR_NO_LINK = -20,         /* the port works, the module never answered */
    RK_ERR_LINK_LOST = -21,       /* the module answered before and does not any more */
    RK_ERR_TIMEOUT = -22,         /* one command was not answered in time (used inside drivers) */
    RK_ERR_PROTOCOL = -23,        /* the module answers with something that is not the protocol */
    RK_ERR_DEVICE_REFUSED = -24,  /* the module answered a command with an error status */
    RK_ERR_UNSUPPORTED = -25,     /* this chip or port cannot do that */
    RK_ERR_CHIP_MISMATCH = -26,   /* another chip than the one that was named */
    RK_ERR_IMAGE_FORMAT = -30,    /* a file that is no image, or a damaged or truncated one */
    RK_ERR_RANGE = -33,           /* an address or a length outside of the flash */
    RK_ERR_VERIFY = -40,          /* contents differ from what they should be */
    RK_ERR_UNSTABLE_READ = -42,   /* repeated reads of the same place do not agree */
    RK_ERR_WRITE_PROTECTED = -43, /* the flash stays write-protected */
    RK_ERR_FLASH_FAULT = -44,     /* the flash does not erase, program or answer */
    RK_ERR_REFUSED = -50,         /* a safety rule said no; `rule` names it */
    RK_ERR_PARTIAL = -60,         /* ended early, what was done is saved, can be resumed */
    RK_ERR_FILE = -70             /* a local file cannot be read or written */
};

/* What went wrong. Owned by the caller, plain data, may be copied with `=`. */
struct rk_error {
    enum rk_status status;
    char id[40];       /* stable name, e.g. "link.no-answer": page of docs/errors.md, key in JSON */
    char message[256]; /* what failed: one sentence, lower case, no final dot, no newline */
    char detail[320];  /* what was observed: bytes, counts, values; may be empty */
    char hint[320];    /* what to try next; may be empty */
    char rule[24];     /* the safety rule that refused; empty if none did */
    bool has_addr;     /* `addr` is set */
    uint32_t addr;     /* the flash address concerned */
    int os_error;      /* errno or GetLastError(); 0 if none */
};

/* Symbolic name of a code ("RK_ERR_NO_LINK"), for logs. Never NULL. */
const char *rk_status_name(enum rk_status status);

/* Puts *err back to success with all texts empty. NULL is allowed. */
void rk_error_clear(struct rk_error *err);

/* Fills *err and returns `status`, so that a failing function can end with
 * `return rk_fail(err, RK_ERR_TIMEOUT, "link.timeout", "no reply to %s", name)`.
 * `id` is the stable name; `fmt` the sentence. Clears detail, hint, rule and address. For
 * implementers of own transports as well as for the library itself. */
enum rk_status rk_fail(struct rk_error *err, enum rk_status status, const char *id, const char *fmt,
                       ...) RK_PRINTF(4, 5);

/* Adds what was observed / what to try / the address to an error that rk_fail() has filled.
 * They do nothing if err is NULL. */
void rk_error_detail(struct rk_error *err, const char *fmt, ...) RK_PRINTF(2, 3);
void rk_error_hint(struct rk_error *err, const char *fmt, ...) RK_PRINTF(2, 3);
void rk_error_at(struct rk_error *err, uint32_t addr);

/* Puts context in front of the sentence on the way up: "backup of sector 0x012000: no reply". */
void rk_error_context(struct rk_error *err, const char *fmt, ...) RK_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
#endif
