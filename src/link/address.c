#include "base/text.h"
#include "link/socket.h"

#include <string.h>

enum rk_status rk_address_split(const char *address, char *host, size_t host_cap, char *port,
                                size_t port_cap, struct rk_error *err)
{
    const char *first = address, *colon = strrchr(address, ':'), *end = colon;

    if (address[0] == '[' && colon && colon > address + 1 && colon[-1] == ']') {
        first = address + 1;
        end = colon - 1;
    }
    bool ok = colon && end > first && (size_t)(end - first) < host_cap && colon[1] &&
              strlen(colon + 1) < port_cap && colon[1 + strspn(colon + 1, "0123456789")] == '\0';
    if (!ok) {
        rk_fail(err, RK_ERR_ARG, "usage.port", "\"%s\" is not HOST:PORT", address);
        rk_error_hint(err, "for example 192.168.1.20:3333, or [fe80::1]:3333");
        return RK_ERR_ARG;
    }
    rk_text_copy(host, (size_t)(end - first) + 1, first);
    rk_text_copy(port, port_cap, colon + 1);
    return RK_OK;
}
