/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ring port with several receive queues has no device that would spread over them what comes in: whoever sends to it does, by the
 * same key, hash and table as a device. So the whole of steering runs where there is no network card.
 */
#include <stdlib.h>

#include "base/rng.h"
#include "net/spread.h"

#include "net/private.h"

int
rs_net_spread_create(struct rs_net_port *p)
{
	struct rs_net_spread *s = calloc(1, sizeof(*s));
	uint8_t key[RS_STEER_KEY_MIN];

	if (s == NULL)
		return -ENOMEM;
	if (p->mode == RS_STEER_KEY) {
		rs_steer_key(p->steer_bits, key, sizeof(key));
	} else { /* a device that keeps its own key: evenly spread, by no rule of ours */
		for (size_t i = 0; i < sizeof(key); i++)
			key[i] = (uint8_t)rs_random_at(1, 0, i);
	}
	rs_steer_hash_init(&s->hash, key, p->steer_bits);
	p->spread = s;
	rs_net_spread_fill(p);
	return 0;
}

void
rs_net_spread_fill(struct rs_net_port *p)
{
	for (uint32_t e = 0; e < 1u << p->steer_bits; e++) {
		uint16_t queue = (uint16_t)(e % p->n_workers);

		if (p->mode == RS_STEER_KEY)
			queue = rs_steer_entry(e, p->steer_bits, p->n_workers, p->peer);
		atomic_store_explicit(&p->spread->reta[e], queue, memory_order_relaxed);
	}
}

void
rs_net_spread_free(struct rs_net_port *p)
{
	free(p->spread);
	p->spread = NULL;
}
