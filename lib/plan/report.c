/* SPDX-License-Identifier: BSD-3-Clause */
/* The compatibility report: which files can be played, and what is missing for the others. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "plan/report.h"

static int
count_missing(struct rs_check *check, const struct rs_findings *f)
{
	for (uint32_t i = 0; i < f->n; i++) {
		const char *construct = f->list[i].construct;
		bool first = true;
		uint32_t k;

		if (f->list[i].kind != RS_FINDING_UNSUPPORTED || construct == NULL)
			continue;
		for (uint32_t b = 0; b < i; b++)
			first &= f->list[b].construct == NULL ||
				strcmp(f->list[b].construct, construct) != 0;
		for (k = 0; k < check->n_missing; k++)
			if (strcmp(check->missing[k].construct, construct) == 0)
				break;
		if (k == check->n_missing) {
			struct rs_missing *m = reallocarray(check->missing, k + 1, sizeof(*m));

			if (m == NULL)
				return -ENOMEM;
			m[k] = (struct rs_missing){ construct, 0, 0 };
			check->missing = m;
			check->n_missing++;
		}
		check->missing[k].uses++;
		check->missing[k].files += first;
	}
	return 0;
}

static int
check_file(struct rs_check *check, const char *path, const struct rs_scenario_opts *opts)
{
	static const struct rs_scenario_opts lenient = { .any_key = true };
	struct rs_checked *files = reallocarray(check->files, check->n_files + 1, sizeof(*files)),
			  *f;
	struct rs_program *program = NULL;
	struct rs_err err = { 0 };

	if (files == NULL)
		return -ENOMEM;
	check->files = files;
	f = &files[check->n_files++];
	*f = (struct rs_checked){ .file = strdup(path) };
	if (f->file == NULL)
		return -ENOMEM;
	f->rc = rs_scenario_load(
		path, opts != NULL ? opts : &lenient, &program, &f->findings, &err);
	if (f->rc == -ENOMEM)
		return -ENOMEM;
	if (program != NULL) {
		f->steps = program->n_steps;
		check->n_usable++;
	} else if (f->findings.n == 0) {
		f->why = strdup(err.text);
	}
	rs_program_free(program);
	return count_missing(check, &f->findings);
}

static int
is_scenario(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 4 && strcmp(d->d_name + n - 4, ".xml") == 0;
}

static int
check_dir(struct rs_check *check, const char *path, const struct rs_scenario_opts *opts,
	struct rs_err *err)
{
	struct dirent **names = NULL;
	int n = scandir(path, &names, is_scenario, alphasort), rc = 0;

	if (n < 0)
		return rs_err_at(err, errno == ENOMEM ? -ENOMEM : -EACCES, path, 0,
			"cannot read the directory: %s", strerror(errno));
	if (n == 0)
		rc = rs_err_at(err, -ENOENT, path, 0,
			"no *.xml in this directory: name one with scenarios");
	for (int i = 0; i < n; i++) {
		char *file = NULL;

		if (rc == 0 && asprintf(&file, "%s/%s", path, names[i]->d_name) < 0) {
			file = NULL;
			rc = -ENOMEM;
		}
		if (rc == 0)
			rc = check_file(check, file, opts);
		free(file);
		free(names[i]);
	}
	free(names);
	return rc;
}

static int
by_files(const void *a, const void *b)
{
	const struct rs_missing *x = a, *y = b;

	if (x->files != y->files)
		return x->files > y->files ? -1 : 1;
	return strcmp(x->construct, y->construct);
}

int
rs_scenario_check(const char *path, const struct rs_scenario_opts *opts, struct rs_check *out,
	struct rs_err *err)
{
	struct stat st;
	int rc;

	*out = (struct rs_check){ 0 };
	if (stat(path, &st) != 0)
		return rs_err_at(
			err, errno == EACCES ? -EACCES : -ENOENT, path, 0, "%s", strerror(errno));
	rc = S_ISDIR(st.st_mode) ? check_dir(out, path, opts, err) : check_file(out, path, opts);
	if (rc == -ENOMEM)
		return rs_err_at(err, rc, path, 0, "not enough memory to check the scenarios");
	if (out->n_missing > 0)
		qsort(out->missing, out->n_missing, sizeof(out->missing[0]), by_files);
	return rc;
}

void
rs_scenario_check_free(struct rs_check *check)
{
	for (uint32_t i = 0; i < check->n_files; i++) {
		free(check->files[i].file);
		free(check->files[i].why);
		rs_findings_free(&check->files[i].findings);
	}
	free(check->files);
	free(check->missing);
	*check = (struct rs_check){ 0 };
}

static const char *const kinds[] = {
	[RS_FINDING_ERROR] = "error",
	[RS_FINDING_UNSUPPORTED] = "unsupported",
	[RS_FINDING_WARNING] = "warning",
};

void
rs_scenario_check_print(FILE *out, const struct rs_check *check)
{
	for (uint32_t i = 0; i < check->n_files; i++) {
		const struct rs_checked *f = &check->files[i];

		for (uint32_t k = 0; k < f->findings.n; k++) {
			const struct rs_finding *d = &f->findings.list[k];

			if (d->line > 0)
				fprintf(out, "%s:%d: %s: %s\n", f->file, d->line, kinds[d->kind],
					d->text);
			else
				fprintf(out, "%s: %s: %s\n", f->file, kinds[d->kind], d->text);
		}
		if (f->why != NULL)
			fprintf(out, "%s\n", f->why);
		else if (f->rc == 0)
			fprintf(out, "%s: usable, %u steps\n", f->file, f->steps);
		else
			fprintf(out, "%s: not usable\n", f->file);
	}
	if (check->n_files > 1)
		fprintf(out, "\n%u files: %u usable, %u not\n", check->n_files, check->n_usable,
			check->n_files - check->n_usable);
	if (check->n_missing > 0)
		fprintf(out, "\nnot built yet          files   uses\n");
	for (uint32_t i = 0; i < check->n_missing; i++)
		fprintf(out, "%-20s %7u %6u\n", check->missing[i].construct,
			check->missing[i].files, check->missing[i].uses);
}

/* Findings quote the file, which may hold any bytes; JSON is UTF-8. */
static json_t *
text_json(const char *s)
{
	json_t *j = json_string(s);
	char *copy;

	if (j != NULL || s == NULL)
		return j;
	copy = strdup(s);
	for (char *p = copy; p != NULL && *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	j = copy != NULL ? json_string(copy) : NULL;
	free(copy);
	return j;
}

static json_t *
file_json(const struct rs_checked *f)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < f->findings.n; i++) {
		const struct rs_finding *d = &f->findings.list[i];

		json_array_append_new(list,
			json_pack("{s:s, s:i, s:s?, s:o}", "kind", kinds[d->kind], "line", d->line,
				"construct", d->construct, "text", text_json(d->text)));
	}
	if (f->why != NULL)
		json_array_append_new(list,
			json_pack("{s:s, s:i, s:n, s:o}", "kind", "error", "line", 0, "construct",
				"text", text_json(f->why)));
	return json_pack("{s:o, s:b, s:I, s:o}", "file", text_json(f->file), "usable", f->rc == 0,
		"steps", (json_int_t)f->steps, "findings", list);
}

json_t *
rs_scenario_check_json(const struct rs_check *check)
{
	json_t *files = json_array(), *missing = json_array();

	for (uint32_t i = 0; i < check->n_files; i++)
		json_array_append_new(files, file_json(&check->files[i]));
	for (uint32_t i = 0; i < check->n_missing; i++)
		json_array_append_new(missing,
			json_pack("{s:s, s:I, s:I}", "construct", check->missing[i].construct,
				"files", (json_int_t)check->missing[i].files, "uses",
				(json_int_t)check->missing[i].uses));
	return json_pack("{s:o, s:I, s:I, s:o}", "files", files, "usable",
		(json_int_t)check->n_usable, "not_usable",
		(json_int_t)(check->n_files - check->n_usable), "missing", missing);
}
