/* SPDX-License-Identifier: BSD-3-Clause */
/** Run every file of a corpus directory through a fuzz target once: regressions show without a fuzzing build. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** @return 1 when @path was run, 0 when it is no regular file, -1 on an error (told on stderr) */
static int
run_file(const char *path)
{
	struct stat st;
	uint8_t *data;
	FILE *f;
	int rc = -1;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return 0;
	f = fopen(path, "rb");
	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	/* Exactly as large as the file, so that a sanitizer sees a read past its end. */
	data = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
	if (!data || fread(data, 1, (size_t)st.st_size, f) != (size_t)st.st_size) {
		fprintf(stderr, "%s: cannot be read\n", path);
	} else {
		LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
		rc = 1;
	}
	free(data);
	fclose(f);
	return rc;
}

int
main(int argc, char **argv)
{
	int n = 0, failed = 0;
	struct dirent *entry;
	char path[4096];
	DIR *dir;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	dir = opendir(argv[1]);
	if (!dir) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	while ((entry = readdir(dir)) != NULL) {
		int rc;

		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		rc = run_file(path);
		n += rc > 0;
		failed += rc < 0;
	}
	closedir(dir);
	printf("%d inputs\n", n);
	/* An empty corpus is a mistake in the tree, not a success. */
	return failed > 0 || n == 0;
}
