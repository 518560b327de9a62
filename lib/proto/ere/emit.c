/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Thompson's construction, from the end of the expression to its beginning, so that each state
 * knows what follows.
 */
#include "proto/ere/private.h"

static uint16_t
state_new(struct rs_ere *re, enum rs_ere_op op, uint8_t arg, uint16_t x)
{
	re->states[re->n_states] = (struct rs_ere_state){ .op = (uint8_t)op, .arg = arg, .x = x };
	return (uint16_t)re->n_states++;
}

static uint16_t
split_new(struct rs_ere *re, uint16_t x, uint16_t y)
{
	uint16_t s = state_new(re, RS_ERE_OP_SPLIT, 0, x);

	re->states[s].y = y;
	return s;
}

static uint16_t
mark_new(struct rs_ere *re, int32_t owner, uint8_t slot, uint16_t x)
{
	uint16_t s = state_new(re, RS_ERE_OP_MARK, slot, x);

	re->states[s].owner = owner;
	return s;
}

static uint16_t
emit_byte(struct rs_ere *re, uint8_t c, uint16_t next)
{
	bool letter = c >= 'a' && c <= 'z';

	return state_new(re, re->icase && letter ? RS_ERE_OP_FOLD : RS_ERE_OP_BYTE, c, next);
}

static uint16_t emit(struct rs_ere *re, int32_t id, uint16_t next);

static uint16_t
emit_iteration(struct rs_ere *re, int32_t id, uint16_t next)
{
	const struct rs_ere_node *n = &re->nodes[id];

	return emit(re, n->first, n->first_group ? mark_new(re, id, RS_ERE_NO_SLOT, next) : next);
}

static uint16_t
emit_rep(struct rs_ere *re, int32_t id, uint16_t next)
{
	const struct rs_ere_node *n = &re->nodes[id];
	uint32_t required = n->min;
	uint16_t entry = next;

	if (n->max == RS_ERE_INF) {
		uint16_t loop = split_new(re, 0, next);
		uint16_t body = emit_iteration(re, id, loop);

		re->states[loop].x = body;
		entry = required ? body : loop;
		required -= required != 0;
	} else {
		for (uint32_t i = n->min; i < n->max; i++)
			entry = split_new(re, emit_iteration(re, id, entry), next);
	}
	while (required--)
		entry = emit_iteration(re, id, entry);
	return entry;
}

static uint16_t
emit(struct rs_ere *re, int32_t id, uint16_t next)
{
	struct rs_ere_node *n = &re->nodes[id];
	uint16_t entry = next;

	switch (n->kind) {
	case RS_ERE_EMPTY: break;
	case RS_ERE_BYTE: entry = emit_byte(re, n->arg, next); break;
	case RS_ERE_SET:
		entry = state_new(re, RS_ERE_OP_SET, 0, next);
		re->states[entry].y = n->set;
		break;
	case RS_ERE_ASSERT: entry = state_new(re, RS_ERE_OP_ASSERT, n->arg, next); break;
	case RS_ERE_CAT:
		for (int32_t i = n->last; i >= 0; i = re->nodes[i].prev) {
			const struct rs_ere_node *c = &re->nodes[i];

			entry = emit(re, i, c->mark ? mark_new(re, id, c->slot, entry) : entry);
		}
		break;
	case RS_ERE_ALT:
		entry = emit(re, n->last, next);
		for (int32_t i = re->nodes[n->last].prev; i >= 0; i = re->nodes[i].prev)
			entry = split_new(re, emit(re, i, next), entry);
		break;
	case RS_ERE_REP: entry = emit_rep(re, id, next); break;
	case RS_ERE_GROUP: entry = emit(re, n->first, next); break;
	}
	/*
	 * The copy emitted last stands for all copies of what {m,n} repeats; it does so for the
	 * whole tree below.
	 */
	n->entry = entry;
	n->exit = next;
	return entry;
}

void
rs_ere_emit(struct rs_ere *re)
{
	uint16_t accept = state_new(re, RS_ERE_OP_ACCEPT, 0, 0);

	re->start = emit(re, re->root, accept);
}
