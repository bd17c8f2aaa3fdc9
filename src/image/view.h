/* A report as text, JSON and picture. Written into a sink; nothing is printed here. */
#ifndef RK_IMAGE_VIEW_H
#define RK_IMAGE_VIEW_H

#include <rekindle/inspect.h>
#include <rekindle/update.h>

#include "base/json.h"

struct rk_view {
    rk_json_sink *sink;
    void *user;
    bool colour;      /* ANSI colours */
    bool verbose;     /* every test of every chip */
    bool entropy;     /* the entropy map too */
    bool secrets;     /* values that are secret too */
    unsigned columns; /* sectors per line of the map; 0 = 64 */
    bool failed;      /* a sink call failed */
};

/* The report for people. `name` is the file or port it is about. */
void rk_view_text(struct rk_view *view, const char *name, const struct rk_inspect *report);

/* The members of the result object, inside an object that the caller has begun. */
void rk_view_json(struct rk_json *json, const struct rk_inspect *report);

/* The values of a flattened device tree, as text (its radio, or with `verbose` all of it) and as the
 * member "device_tree" of an object that the caller has begun. Nothing of what is no sound tree. */
void rk_view_tree_text(struct rk_view *view, const uint8_t *data, size_t len);
void rk_view_tree_json(struct rk_json *json, const uint8_t *data, size_t len, bool secrets);

/* The sector map as an SVG document. */
void rk_view_svg(struct rk_view *view, const char *name, const struct rk_inspect *report);

/* An update's judgement, as text and as members of the result object. */
void rk_view_update_text(struct rk_view *view, const struct rk_update *update);
void rk_view_update_json(struct rk_json *json, const struct rk_update *update);

/* printf into the sink. */
void rk_view_put(struct rk_view *view, const char *fmt, ...) RK_PRINTF(2, 3);

const char *rk_key_class_name(enum rk_key_class key); /* "unknown", "zero", "tuya", ... */
const char *rk_evidence_name(enum rk_evidence evidence);

#endif
