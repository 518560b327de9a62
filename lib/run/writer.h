/* SPDX-License-Identifier: BSD-3-Clause */
/** The writer thread: empties the record rings of workers and handshake threads, so that none of them touches a file. */
#ifndef RS_RUN_WRITER_H
#define RS_RUN_WRITER_H

#include "base/record.h"

struct rs_writer;

/** Start the thread. @param rings  one a thread, outlive it. @param fd  where log lines go. @return 0, -ENOMEM, -EAGAIN */
int rs_writer_start(
	struct rs_record_ring *const *rings, uint32_t n, int fd, struct rs_writer **out);
/** Wait, a second a ring at most, until all that was handed over is written: files that key logs go to are closed behind it. */
void rs_writer_settle(struct rs_writer *w);
/** Write what is left and end the thread; nobody writes to the rings any more. NULL is fine. */
void rs_writer_stop(struct rs_writer *w);

#endif
