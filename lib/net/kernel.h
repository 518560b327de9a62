/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the kernel counts as lost on its way into a port that is a socket of ours (af_packet, af_xdp). The drivers keep their
 * sockets to themselves and their own miss counters at zero; but a socket that appeared while a device was opened is the
 * device's, and the kernel tells anybody who holds it. Control only; no DPDK.
 */
#ifndef RS_NET_KERNEL_H
#define RS_NET_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#define RS_KERNEL_SOCKETS 64 /* of one port: one for each queue */

/** Packet and XDP sockets of this process. */
struct rs_kernel_sockets {
	uint32_t n;
	int fds[RS_KERNEL_SOCKETS];
};

/** Those there are now; of more than RS_KERNEL_SOCKETS the first. */
void rs_kernel_sockets(struct rs_kernel_sockets *s);

/** Take those of @before out of @s: what is left is new. */
void rs_kernel_sockets_new(struct rs_kernel_sockets *s, const struct rs_kernel_sockets *before);

/**
 * How many packets the kernel dropped for want of room since this was asked last. Packet sockets count from zero again when they
 * are asked; XDP sockets do not, so @seen keeps what they said.
 * @param seen  zero before the first time
 */
uint64_t rs_kernel_drops(const struct rs_kernel_sockets *s, uint64_t *seen);

#endif
