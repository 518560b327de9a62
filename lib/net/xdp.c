/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * After kill -9 the program that AF_XDP sockets attach to an interface stays behind and keeps
 * taking its packets from the kernel. What one run left, the next one removes: but only a program
 * of that name, and only while no AF_XDP socket lives here.
 */
#include "net/private.h"

#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define SOCKET_PROGRAM "xsk_def_prog" /* libxdp's name for it */

/**
 * Are there AF_XDP sockets in this network namespace? When that cannot be read: as if there were.
 */
static bool
sockets_alive(void)
{
	FILE *f = fopen("/proc/net/protocols", "r");
	char line[256], name[32];
	bool alive = true;
	long n;

	if (f == NULL)
		return true;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%31s %*s %ld", name, &n) == 2 && strcmp(name, "XDP") == 0)
			alive = n != 0;
	}
	fclose(f);
	return alive;
}

static bool
is_socket_program(uint32_t id)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id), rc;

	if (fd < 0)
		return false;
	rc = bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	return rc == 0 && strncmp(info.name, SOCKET_PROGRAM, strlen(SOCKET_PROGRAM)) == 0;
}

bool
rs_net_xdp_remove_stale(unsigned ifindex)
{
	uint32_t id = 0;

	if (bpf_xdp_query_id((int)ifindex, 0, &id) != 0 || id == 0 || !is_socket_program(id) ||
		sockets_alive())
		return false;
	return bpf_xdp_detach((int)ifindex, 0, NULL) == 0;
}
