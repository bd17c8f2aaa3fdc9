/* OpenBeken settings: read every version and layout, change any field, write a valid record back.
 *
 * Pure: works on bytes. Fields have dotted names: "wifi.ssid", "mqtt.host", "name.short",
 * "startup", "flags", "flag.10", "pin.26" ("Rel;1" or "Btn;1;2"), "channel.1.type",
 * "channel.1.start"; docs/settings.md has the whole list. */
#ifndef REKINDLE_OPENBEKEN_H
#define REKINDLE_OPENBEKEN_H

#include <rekindle/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How the firmware's CRC-8 shifts: with the sign of `char` or without. */
enum rk_obk_crc { RK_OBK_CRC_UNKNOWN, RK_OBK_CRC_SIGNED, RK_OBK_CRC_UNSIGNED };

enum rk_obk_store { RK_OBK_RAW, RK_OBK_EASYFLASH, RK_OBK_OTHER };

/* A platform OpenBeken runs on: one row of data/obk-platforms.csv. */
struct rk_obk_platform {
    const char *name;         /* "BK7231N" */
    const char *long_prefix;  /* of the long device name: "OpenBK7231N" */
    const char *short_prefix; /* of the short one: "obk" */
    uint8_t gpio_max;         /* pins 0 .. gpio_max-1 exist; 0 = unknown */
    char group;               /* layout of the record: 'A' to 'D' */
    enum rk_obk_crc crc;
    enum rk_obk_store store;
    const char *key;       /* name of the record in an EasyFlash area */
    uint32_t addresses[3]; /* of the record or of the area, most usual first; 0 = none */
    uint32_t area;         /* bytes of the EasyFlash area; 0 = unknown */
};

/* The platforms; returns their number. */
size_t rk_obk_platforms(const struct rk_obk_platform **out);
const struct rk_obk_platform *rk_obk_platform_find(const char *name);

/* Where a record was found. */
struct rk_obk_place {
    enum rk_obk_store store;
    uint32_t offset;       /* of the record in the bytes */
    uint32_t area, length; /* EasyFlash: the area around it */
    uint8_t granularity;   /* EasyFlash: bits written at a time: 1, 8, 32 */
    const char *key;       /* EasyFlash: its name; "" for raw records */
};

struct rk_obk_facts {
    uint32_t version;                       /* 1 to 5 */
    uint32_t length;                        /* bytes of the record: 2016 or 3584 */
    char group;                             /* 'A' to 'D' */
    const struct rk_obk_platform *platform; /* NULL = unknown */
    bool platform_guessed;                  /* from the contents, not told by the caller */
    enum rk_obk_crc crc; /* the variant under which the checksum holds; UNKNOWN = both */
    struct rk_obk_place place;
};

struct rk_obk;

/* Finds the record in a dump, a partition, or a bare record; looks where the platform keeps it,
 * into EasyFlash areas, at every sector, and last at every byte. `platform` is its name or NULL
 * (then it is judged by the contents). *out is set on success; free it with rk_obk_free().
 * Errors: ARG "config.platform" (no such platform), IMAGE_FORMAT "config.none" (no record) or
 * "config.checksum" (a record is there but damaged: says where), NOMEM. */
RK_MUST_CHECK enum rk_status rk_obk_find(const uint8_t *data, size_t len, const char *platform,
                                         struct rk_obk **out, struct rk_error *err);

/* A new record with the firmware's defaults for a module with this MAC address, at the place where
 * the platform keeps it. Errors: ARG "config.platform", NOMEM. */
RK_MUST_CHECK enum rk_status rk_obk_new(const char *platform, const uint8_t mac[6],
                                        struct rk_obk **out, struct rk_error *err);

void rk_obk_free(struct rk_obk *obk);
const struct rk_obk_facts *rk_obk_facts(const struct rk_obk *obk);

/* One field for display. */
struct rk_obk_item {
    const char *name;  /* "wifi.ssid" */
    const char *value; /* text; bytes that are no UTF-8 are escaped */
    const char *meaning;
    bool secret;
};

/* Calls `visit` for every field that is set, in the order of the table, pins and channels behind.
 * The item is valid during the call. */
void rk_obk_visit(const struct rk_obk *obk, void (*visit)(void *user, const struct rk_obk_item *),
                  void *user);

/* The value of a field as text; allocated (free() it). *secret says if it must be masked; may be
 * NULL. Errors: ARG "config.field" (no such field; suggests a near one), NOMEM. */
RK_MUST_CHECK enum rk_status rk_obk_get(const struct rk_obk *obk, const char *name, char **value,
                                        bool *secret, struct rk_error *err);

/* Changes a field. Everything else of the record stays as it is.
 * Errors: ARG "config.field", "config.value" (too long, out of range, not for this platform). */
RK_MUST_CHECK enum rk_status rk_obk_set(struct rk_obk *obk, const char *name, const char *value,
                                        struct rk_error *err);

/* Takes over everything of another record but its place and change counter. Both must have the same
 * version, length and layout. Errors: ARG "config.platform". */
RK_MUST_CHECK enum rk_status rk_obk_copy(struct rk_obk *obk, const struct rk_obk *from,
                                         struct rk_error *err);

/* Forgets all pins and roles, and channel types: for settings that move to another chip. */
void rk_obk_clear_pins(struct rk_obk *obk);

/* Raises the change counter and makes the checksum right; to be called once after the changes.
 * Returns the record and its length; valid until the next change. */
const uint8_t *rk_obk_seal(struct rk_obk *obk, size_t *len);

/* What has to be written to get the record into the flash: whole sectors. */
struct rk_obk_patch {
    uint32_t addr, len; /* multiples of 4096 relative to the start of the bytes... */
    uint8_t *data;      /* ...with the new contents; allocated, free() it */
};

/* Computes the change of a flash (or partition) that holds the record, or shall hold it, at the
 * place of the record. Nothing is changed in `flash`. Raw records get their sector, EasyFlash
 * records are appended to the log, and the log is tidied up if there is no room.
 * Errors: RANGE (the place is outside of the bytes), UNSUPPORTED "config.store", NOMEM. */
RK_MUST_CHECK enum rk_status rk_obk_patch(const struct rk_obk *obk, const uint8_t *flash,
                                          size_t len, struct rk_obk_patch *out,
                                          struct rk_error *err);

/* The boot counters of OpenBeken in a dump. */
struct rk_obk_boots {
    bool found;
    uint16_t boots, successes; /* five boots without success: safe mode */
    uint32_t offset;
};
void rk_obk_boots(const uint8_t *data, size_t len, struct rk_obk_boots *out);

/* Name of a role number, NULL if there is none; number of a role by name (old names and the names
 * of other tools are understood), -1 if there is none. */
const char *rk_obk_role_name(unsigned role);
int rk_obk_role_find(const char *name);

/* CRC-8 over bytes as the firmware computes it. */
uint8_t rk_obk_crc8(const uint8_t *data, size_t len, bool is_signed);

#ifdef __cplusplus
}
#endif
#endif
