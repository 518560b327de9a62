/* SPDX-License-Identifier: BSD-3-Clause */
/** The file of the control socket: claimed by one living daemon, taken over from a dead one. */
#ifndef RS_RUN_SOCKET_PATH_H
#define RS_RUN_SOCKET_PATH_H

#include "base/err.h"

/** Bind and listen at @path (mode 0600). @return as rs_server_open, with @fd non-blocking */
int socket_listen(const char *path, int backlog, int *fd, struct rs_err *err);

#endif
