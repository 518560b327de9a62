/* SPDX-License-Identifier: BSD-3-Clause */
/** What sending and hanging up share of rendering. */
#ifndef RS_ENGINE_RENDER_H
#define RS_ENGINE_RENDER_H

#include "engine/internal.h"

/** What the renderer asks for while it works: whose leg and message it is. */
struct rendering {
	struct rs_engine *e;
	struct leg *leg;
	const uint8_t *start; /* of the message; NULL: it is none */
};

/** Texts that one rendering points into. */
struct texts {
	uint8_t remote[48];
	uint8_t media[48];
	uint8_t call_id[RS_TOKEN_LEN + 48];
	uint8_t branch[16 + RS_TOKEN_LEN];
	uint8_t user[128];
	uint8_t service[128];
	uint8_t target[256];
};

#define EVERY_SLOT UINT64_MAX /* texts of all slots are wanted */

/** Make e->render ready for a template with @slots (a bit per enum rs_slot). @last: the message that [last_*] means, or NULL */
void fill_render(struct rs_engine *e, struct leg *leg, uint32_t step, uint64_t slots, const struct rs_sip_msg *last,
	struct rendering *ctx, struct texts *t);
/** The peer's Contact where it is known (of the dialog, else of @last), else the address we talk to. */
struct rs_slice target_text(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *last, const struct rs_render *r,
	struct texts *t);
struct sent;
/**
 * Render @t by e->render into a buffer of the link and send it by the leg's path (e->path, when set); not sent when @drop.
 * @param sent  NULL, or out: what the message says of itself
 * @return 0 or a cause
 */
uint32_t send_template(struct rs_engine *e, struct leg *leg, const struct rs_template *t, bool drop, struct sent *sent);
/** The cause that a link's refusal is counted as. */
uint32_t cause_of(int rc);
/** @a as it stands in a message, IPv6 in brackets, in @buf of at least 42 bytes. */
struct rs_slice address_text(const struct rs_addr *a, uint8_t *buf);

#endif
