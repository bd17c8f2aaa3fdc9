#include <rekindle/rekindle.h>

const char *rk_version(void)
{
    return RK_VERSION_STRING;
}
