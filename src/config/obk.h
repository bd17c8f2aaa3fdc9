/* Inside of the OpenBeken reader. */
#ifndef RK_CONFIG_OBK_H
#define RK_CONFIG_OBK_H

#include <rekindle/openbeken.h>

#define RK_OBK_LENGTH_OLD 2016u
#define RK_OBK_LENGTH     3584u
#define RK_OBK_LAYOUTS    9u
#define RK_OBK_CHANNELS   64u

enum rk_obk_kind {
    RK_OBK_TEXT,
    RK_OBK_U8,
    RK_OBK_U16,
    RK_OBK_U32,
    RK_OBK_MAC,
    RK_OBK_IP,
    RK_OBK_BYTES,
    RK_OBK_FLOATS,
    RK_OBK_WORDS
};

/* A field by its name: data/obk-fields.csv joined with data/obk-config-layout.csv. */
struct rk_obk_field {
    const char *name, *meaning;
    enum rk_obk_kind kind;
    bool secret;
    struct {
        uint16_t offset, size; /* size 0: not in this layout */
    } at[RK_OBK_LAYOUTS];
};
extern const struct rk_obk_field rk_obk_fields[];
extern const size_t rk_obk_field_count;

/* Fields of the record that have no name of their own. */
struct rk_obk_layout {
    uint16_t pins, pins_size, starts; /* starts 0: no start values in this layout */
};
extern const struct rk_obk_layout rk_obk_layouts[RK_OBK_LAYOUTS];

/* What version 1 takes the checksum of, one after the other. */
struct rk_obk_span {
    uint16_t offset, size;
};
extern const struct rk_obk_span rk_obk_spans_v1[];
extern const size_t rk_obk_span_v1_count;

struct rk_obk_role {
    const char *name, *alias; /* of the firmware, of other tools */
    uint8_t channels;         /* how many channel numbers it uses */
};
extern const struct rk_obk_role rk_obk_roles[]; /* index = number */
extern const size_t rk_obk_role_count;

extern const char *const rk_obk_channel_types[]; /* index = number */
extern const size_t rk_obk_channel_type_count;

struct rk_obk_flag {
    const char *name, *meaning;
};
extern const struct rk_obk_flag rk_obk_flags[]; /* index = bit */
extern const size_t rk_obk_flag_count;

extern const struct rk_obk_platform rk_obk_platform_rows[];
extern const size_t rk_obk_platform_count;

struct rk_obk {
    struct rk_obk_facts facts;
    uint8_t bytes[RK_OBK_LENGTH];
    unsigned layout; /* index into the layouts */
};

/* True if a valid record of one of the lengths starts at data; fills version, length and crc of
 * *facts. */
bool rk_obk_check(const uint8_t *data, size_t len, struct rk_obk_facts *facts);

/* Number of the layout of a record. */
unsigned rk_obk_layout_of(uint32_t version, char group);

/* Where a field lies in this record; size 0 if it does not have it. */
struct rk_obk_span rk_obk_span_of(const struct rk_obk *obk, const struct rk_obk_field *field);

/* Pins the record has room for. */
unsigned rk_obk_pin_room(const struct rk_obk *obk);

/* Text of pin and channel fields and flags, which are not in the field table. Return false if
 * there is no such thing. */
bool rk_obk_item_text(const struct rk_obk *obk, const char *name, char *out, size_t cap);

#endif
