/* The sector map as a picture: a square per sector, its colour the use, its depth the entropy. */
#include "image/view.h"

#include "base/text.h"

#include <string.h>

#define CELL    12u
#define COLUMNS 64u
#define LEFT    78u
#define TOP     96u
#define WIDTH   (LEFT + COLUMNS * CELL + 24u)

/* Text between tags: the characters XML wants escaped, and no control characters. */
static void put_text(struct rk_view *view, const char *text)
{
    char plain[256];

    rk_text_escape(plain, sizeof plain, (const uint8_t *)text, strlen(text));
    for (const char *p = plain; *p; p++) {
        if (*p == '&')
            rk_view_put(view, "&amp;");
        else if (*p == '<')
            rk_view_put(view, "&lt;");
        else if (*p == '>')
            rk_view_put(view, "&gt;");
        else if (*p == '"')
            rk_view_put(view, "&quot;");
        else
            rk_view_put(view, "%c", *p);
    }
}

static void put_label(struct rk_view *view, unsigned x, unsigned y, unsigned size,
                      const char *anchor, const char *text)
{
    rk_view_put(view, "<text x=\"%u\" y=\"%u\" font-size=\"%u\" text-anchor=\"%s\">", x, y, size,
                anchor);
    put_text(view, text);
    rk_view_put(view, "</text>\n");
}

/* Blank sectors are pale; code and data get darker with their entropy. */
static unsigned opacity_of(const struct rk_inspect_sector *sector)
{
    if (sector->use == RK_SECTOR_BLANK || sector->use == RK_SECTOR_FILLED)
        return 100;
    return 45 + sector->entropy * 55u / 248u;
}

static void put_cells(struct rk_view *view, const struct rk_inspect *r)
{
    char label[16];

    for (size_t i = 0; i < r->sector_count; i++) {
        unsigned x = LEFT + (unsigned)(i % COLUMNS) * CELL;
        unsigned y = TOP + (unsigned)(i / COLUMNS) * CELL;
        unsigned opacity = opacity_of(&r->sectors[i]);
        enum rk_sector_use use = (enum rk_sector_use)r->sectors[i].use;

        if (i % COLUMNS == 0) {
            rk_text_format(label, sizeof label, "0x%06zX", r->start + i * RK_SECTOR_SIZE);
            put_label(view, LEFT - 8, y + CELL - 3, 10, "end", label);
        }
        rk_view_put(view,
                    "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"2\" fill=\"%s\" "
                    "fill-opacity=\"%u.%02u\"><title>0x%06zX %s, %u.%02u bits per byte"
                    "</title></rect>\n",
                    x, y, CELL - 2, CELL - 2, rk_sector_use_colour(use), opacity / 100,
                    opacity % 100, r->start + i * RK_SECTOR_SIZE, rk_sector_use_name(use),
                    r->sectors[i].entropy / 31u, r->sectors[i].entropy % 31u * 100u / 31u);
    }
}

static void put_legend(struct rk_view *view, const struct rk_inspect *r, unsigned y)
{
    uint32_t counts[RK_SECTOR_USES] = {0};
    unsigned x = LEFT;
    char label[48];

    for (size_t i = 0; i < r->sector_count; i++)
        counts[r->sectors[i].use]++;
    for (unsigned use = 0; use < RK_SECTOR_USES; use++) {
        if (counts[use] == 0)
            continue;
        if (x + 120 > WIDTH) {
            x = LEFT;
            y += 20;
        }
        rk_view_put(view,
                    "<rect x=\"%u\" y=\"%u\" width=\"10\" height=\"10\" rx=\"2\" "
                    "fill=\"%s\"/>\n",
                    x, y, rk_sector_use_colour((enum rk_sector_use)use));
        rk_text_format(label, sizeof label, "%s, %u KiB",
                       rk_sector_use_name((enum rk_sector_use)use), counts[use] * 4);
        put_label(view, x + 16, y + 9, 11, "start", label);
        x += 124;
    }
}

void rk_view_svg(struct rk_view *view, const char *name, const struct rk_inspect *r)
{
    unsigned rows = (unsigned)((r->sector_count + COLUMNS - 1) / COLUMNS);
    unsigned height = TOP + rows * CELL + 72;
    char line[192];

    rk_view_put(view,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" width=\"%u\" "
                "height=\"%u\" font-family=\"system-ui, sans-serif\" fill=\"#343a40\">\n"
                "<rect width=\"%u\" height=\"%u\" fill=\"#ffffff\"/>\n",
                WIDTH, height, WIDTH, height, WIDTH, height);
    put_label(view, LEFT, 32, 18, "start", name);
    put_label(view, LEFT, 54, 12, "start", r->facts.summary);
    rk_text_format(line, sizeof line, "sha256 %s", r->sha256);
    put_label(view, LEFT, 72, 10, "start", line);
    put_cells(view, r);
    put_legend(view, r, TOP + rows * CELL + 16);
    rk_view_put(view, "</svg>\n");
}
