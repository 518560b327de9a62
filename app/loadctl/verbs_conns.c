/* SPDX-License-Identifier: BSD-3-Clause */
/* Verbs of connections. */
#include "loadctl.h"
#include "observe/observe.h"

int
verb_connections(const struct args *a)
{
	json_t *result;
	int status = ask(a, "connections", NULL, &result);

	if (status == 0 && a->given & OPT_JSON)
		print_json(result);
	else if (status == 0 && json_is_object(result))
		rs_connections_print(stdout, result);
	else if (status == 0)
		puts("the plan has no connections");
	json_decref(result);
	return status;
}

int
verb_connections_drop(const struct args *a)
{
	unsigned hows = a->given & (OPT_RST | OPT_FIN | OPT_SILENT);
	json_t *params;
	double share;

	if (hows & (hows - 1)) {
		fputs("loadctl: connections drop: give one of --rst, --fin and --silent\n", stderr);
		return EXIT_USAGE;
	}
	if (a->given & OPT_SHARE && args_number(a->share, "--share", &share) != 0)
		return EXIT_USAGE;
	params = json_object();
	if (a->n_words)
		json_object_set_new(params, "endpoints", json_string(a->words[0]));
	if (a->given & OPT_SHARE)
		json_object_set_new(params, "share", json_real(share));
	if (hows)
		json_object_set_new(params, "how", json_string(hows == OPT_FIN ? "fin" : hows == OPT_SILENT ? "silent" : "rst"));
	return tell(a, "connections.drop", params);
}
