/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/kernel.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <linux/if_packet.h>
#include <linux/if_xdp.h>

/** @return AF_PACKET, AF_XDP, or 0 for everything else */
static int
family_of(int fd)
{
	socklen_t len = sizeof(int);
	int domain = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0)
		return 0;
	return domain == AF_PACKET || domain == AF_XDP ? domain : 0;
}

void
rs_kernel_sockets(struct rs_kernel_sockets *s)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *e;

	s->n = 0;
	while (dir && s->n < RS_KERNEL_SOCKETS && (e = readdir(dir)) != NULL) {
		char *end;
		long fd = strtol(e->d_name, &end, 10);

		if (end != e->d_name && *end == '\0' && family_of((int)fd) != 0)
			s->fds[s->n++] = (int)fd;
	}
	if (dir)
		closedir(dir);
}

void
rs_kernel_sockets_new(struct rs_kernel_sockets *s, const struct rs_kernel_sockets *before)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		bool old = false;

		for (uint32_t k = 0; k < before->n; k++)
			old |= before->fds[k] == s->fds[i];
		if (!old)
			s->fds[kept++] = s->fds[i];
	}
	s->n = kept;
}

static uint64_t
packet_drops(int fd)
{
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof(stats);

	return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0 ? stats.tp_drops : 0;
}

static uint64_t
xdp_drops(int fd)
{
	struct xdp_statistics stats = { 0 };
	socklen_t len = sizeof(stats);

	if (getsockopt(fd, SOL_XDP, XDP_STATISTICS, &stats, &len) != 0)
		return 0;
	/* Not rx_dropped: that one the driver reports itself. */
	return stats.rx_ring_full;
}

uint64_t
rs_kernel_drops(const struct rs_kernel_sockets *s, uint64_t *seen)
{
	uint64_t now = 0, grown = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		if (family_of(s->fds[i]) == AF_PACKET)
			grown += packet_drops(s->fds[i]);
		else
			now += xdp_drops(s->fds[i]);
	}
	if (now > *seen)
		grown += now - *seen;
	*seen = now;
	return grown;
}
