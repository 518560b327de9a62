/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The control socket: JSON-RPC 2.0, one object a line, over a Unix stream socket of mode 0600 whose peers must be root or the
 * daemon's own user. One thread, no waiting: every client has a bounded queue, and what does not fit is dropped and counted.
 */
#ifndef RS_RUN_SERVER_H
#define RS_RUN_SERVER_H

#include "base/err.h"
#include "run/daemon.h"

struct rs_server;

/**
 * Is @path free to be ours? Asked before ports are opened, so that a second daemon leaves the first one's ports alone.
 * @return 0; -EADDRINUSE (a living daemon has it: exit status 7)
 */
int rs_server_claim(const char *path, struct rs_err *err);

/** @return 0; -EADDRINUSE (a living daemon has it: exit status 7); -EACCES, -ENOENT ... with @err. A stale socket is removed. */
int rs_server_open(
	const char *path, struct rs_daemon *d, struct rs_server **out, struct rs_err *err);
void rs_server_close(struct rs_server *s);

/**
 * Serve clients for at most @timeout_ms; polls the daemon (rs_daemon_poll) as often as it needs.
 * @param signal_fd  a signalfd for SIGINT and SIGTERM to watch as well, or -1
 * @return 0; 1 when `quit` was asked for or the daemon is to exit; 2 when @signal_fd is readable (not read)
 */
int rs_server_serve(struct rs_server *s, int signal_fd, int timeout_ms);

#endif
