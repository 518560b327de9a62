/* SPDX-License-Identifier: BSD-3-Clause */
/** cmocka with the headers it wants before itself. */
#ifndef RS_TESTS_UNIT_H
#define RS_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
