/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 1000

static const char *const level_names[] = {
	[RS_LOG_ERROR] = "error",
	[RS_LOG_WARN] = "warning",
	[RS_LOG_INFO] = "info",
	[RS_LOG_DEBUG] = "debug",
};

static void
write_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* a log that cannot be written has nowhere to say so */
		p += n;
		len -= (size_t)n;
	}
}

void
rs_log(struct rs_log *log, enum rs_log_level level, const char *tag, uint64_t now_ns,
	const char *fmt, ...)
{
	char line[LINE_MAX_BYTES + 1];
	size_t len = 0;
	va_list args;
	int n;

	if (level > log->level)
		return;
	n = snprintf(line, sizeof(line), "%s %s: ", level_names[level], tag);
	if (n > 0)
		len = (size_t)n < LINE_MAX_BYTES ? (size_t)n : LINE_MAX_BYTES;
	va_start(args, fmt);
	n = vsnprintf(line + len, sizeof(line) - len, fmt, args);
	va_end(args);
	if (n > 0)
		len = (size_t)n < LINE_MAX_BYTES - len ? len + (size_t)n : LINE_MAX_BYTES;
	/* What peers send ends up in here: it must not forge lines or drive a terminal. */
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '.';
	if (log->ring != NULL) {
		void *p = rs_record_reserve(
			log->ring, RS_RECORD_LOG, (uint16_t)level, now_ns, (uint32_t)len);

		if (p == NULL)
			return;
		memcpy(p, line, len);
		rs_record_commit(log->ring);
	} else {
		line[len] =
			'\n'; /* in place of the NUL: one write, so that lines of threads do not mix */
		write_all(log->fd, line, len + 1);
	}
}

bool
rs_log_allow(struct rs_log_limit *l, uint64_t now_ns, uint32_t burst, uint32_t *suppressed)
{
	*suppressed = 0;
	if (now_ns - l->window_ns >= RS_NS_PER_S) {
		l->window_ns = now_ns;
		l->passed = 0;
	}
	if (l->passed >= burst) {
		if (l->suppressed < UINT32_MAX)
			l->suppressed++;
		return false;
	}
	l->passed++;
	*suppressed = l->suppressed;
	l->suppressed = 0;
	return true;
}
