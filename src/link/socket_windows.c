#define WIN32_LEAN_AND_MEAN
#include "link/socket.h"

#include "base/text.h"

#include <winsock2.h>
#include <ws2tcpip.h>

#include <windows.h>

static void error_text(int code, char *text, size_t cap)
{
    if (!FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                        (DWORD)code, 0, text, (DWORD)cap, NULL))
        rk_text_format(text, cap, "socket error %d", code);
}

static SOCKET make_socket(const struct addrinfo *address)
{
    SOCKET s = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
    u_long nonblocking = 1;
    int on = 1;

    if (s == INVALID_SOCKET)
        return s;
    (void)setsockopt(s, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof on);
    if (ioctlsocket(s, (long)FIONBIO, &nonblocking) == 0 &&
        (connect(s, address->ai_addr, (int)address->ai_addrlen) == 0 ||
         WSAGetLastError() == WSAEWOULDBLOCK))
        return s;
    int e = WSAGetLastError();
    closesocket(s);
    WSASetLastError(e);
    return INVALID_SOCKET;
}

/* Every socket holds the library once: WSAStartup() counts. */
bool rk_socket_begin(const char *host, const char *port, unsigned n, intptr_t *handle, char *text,
                     size_t cap)
{
    struct addrinfo want = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
    SOCKET s = INVALID_SOCKET;
    WSADATA data;
    int rc = WSAStartup(MAKEWORD(2, 2), &data);

    if (rc != 0) {
        error_text(rc, text, cap);
        return false;
    }
    rc = getaddrinfo(host, port, &want, &list);
    if (rc != 0)
        error_text(rc, text, cap);
    for (struct addrinfo *a = list; a && s == INVALID_SOCKET; a = a->ai_next, n -= n > 0) {
        if (n > 0)
            continue;
        s = make_socket(a);
        if (s == INVALID_SOCKET)
            error_text(WSAGetLastError(), text, cap);
    }
    if (list)
        freeaddrinfo(list);
    if (s == INVALID_SOCKET)
        WSACleanup();
    *handle = (intptr_t)s;
    return s != INVALID_SOCKET;
}

void rk_socket_close(intptr_t handle)
{
    closesocket((SOCKET)handle);
    WSACleanup();
}

enum rk_socket_state rk_socket_wait(intptr_t handle, bool writable, uint64_t timeout_us)
{
    SOCKET s = (SOCKET)handle;
    struct timeval tv = {.tv_sec = (long)(timeout_us / 1000000),
                         .tv_usec = (long)(timeout_us % 1000000)};
    fd_set wanted, failed;

    FD_ZERO(&wanted);
    FD_ZERO(&failed);
    FD_SET(s, &wanted);
    FD_SET(s, &failed); /* a connection that is refused shows here only */
    int n = select(0, writable ? NULL : &wanted, writable ? &wanted : NULL, &failed, &tv);
    return n == 0 ? RK_SOCKET_WAITING : n < 0 ? RK_SOCKET_FAILED : RK_SOCKET_READY;
}

bool rk_socket_connected(intptr_t handle, char *text, size_t cap)
{
    int e = 0, len = sizeof e;

    if (getsockopt((SOCKET)handle, SOL_SOCKET, SO_ERROR, (char *)&e, &len) != 0)
        e = WSAGetLastError();
    if (e)
        error_text(e, text, cap);
    return e == 0;
}

static long result(int n)
{
    return n >= 0 ? n : WSAGetLastError() == WSAEWOULDBLOCK ? 0 : -1;
}

long rk_socket_recv_now(intptr_t handle, uint8_t *buf, size_t cap)
{
    int n = recv((SOCKET)handle, (char *)buf, cap > 65536 ? 65536 : (int)cap, 0);

    return n == 0 ? -1 : result(n);
}

long rk_socket_send_now(intptr_t handle, const uint8_t *buf, size_t len)
{
    return result(send((SOCKET)handle, (const char *)buf, len > 65536 ? 65536 : (int)len, 0));
}
