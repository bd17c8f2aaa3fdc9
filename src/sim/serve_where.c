#include "sim/serve_where.h"

#include "base/text.h"

#include <string.h>

enum rk_status rk_serve_where(const char *where, char *host, size_t host_cap, char *port,
                              size_t port_cap, struct rk_error *err)
{
    const char *colon = strrchr(where, ':');
    const char *number = colon ? colon + 1 : where;
    uint64_t value = 0;

    rk_text_copy(host, host_cap, "127.0.0.1");
    if (rk_parse_u64(number, 65535, &value, NULL) != RK_OK ||
        (colon && (size_t)(colon - where) >= host_cap)) {
        rk_fail(err, RK_ERR_ARG, "sim.address", "\"%s\" is no address to listen on", where);
        rk_error_hint(err, "write PORT or HOST:PORT, e.g. 7000 or 0.0.0.0:7000");
        return RK_ERR_ARG;
    }
    if (colon && colon > where) {
        bool brackets = where[0] == '[' && colon[-1] == ']';
        rk_text_copy(host, host_cap, where + brackets);
        host[(size_t)(colon - where) - (brackets ? 2 : 0)] = '\0';
    }
    rk_text_format(port, port_cap, "%u", (unsigned)value);
    return RK_OK;
}
