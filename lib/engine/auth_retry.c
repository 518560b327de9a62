/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/auth_retry.h"

#include <errno.h>

void
auth_note(struct rs_engine *e, struct leg *leg, struct client *c)
{
}

void
auth_put(struct rs_engine *e, struct leg *leg, const struct client *c, const struct rs_sip_request *r, struct rs_sip_out *o)
{
}

bool
auth_retry(struct rs_engine *e, struct leg *leg, const struct client *c, const struct rs_sip_msg *msg)
{
	return false;
}
