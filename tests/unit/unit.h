/* cmocka and the includes it wants, for every unit test. */
#ifndef RK_TESTS_UNIT_H
#define RK_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
