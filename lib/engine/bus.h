/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the engines of one run tell each other: one mailbox a pair of workers, and room at the sender for what does not fit at the
 * moment. Nobody waits and nothing is lost before that room is full, too (counted).
 */
#ifndef RS_ENGINE_BUS_H
#define RS_ENGINE_BUS_H

#include "base/mailbox.h"

struct rs_bus;

enum rs_bus_mail {
	RS_BUS_REGISTERED = 1, /* arg: group, endpoint, is it? */
	RS_BUS_LEG,	       /* see legs.h */
	RS_BUS_LEG_SDP,	       /* ahead of it, see legs_sdp.h */
};

/** For @n workers. @return 0, -ENOMEM */
int rs_bus_create(uint32_t n, struct rs_bus **out);
/** No engine may use it any more. NULL is fine. */
void rs_bus_free(struct rs_bus *bus);

/** Worker @from tells worker @to, another one. @return false when there was no room: lost */
bool rs_bus_tell(struct rs_bus *bus, uint32_t from, uint32_t to, const struct rs_mail *mail);
/** What others told worker @to, at most @cap; what it could not send before goes out first. @return how many */
uint32_t rs_bus_listen(struct rs_bus *bus, uint32_t to, struct rs_mail *out, uint32_t cap);
/** Is there something to listen to, or still to be sent? */
bool rs_bus_is_waiting(const struct rs_bus *bus, uint32_t worker);

#endif
