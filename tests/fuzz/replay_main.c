/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands in for libFuzzer: gives each file named on the command line to the target, once. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	long size;

	if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0) {
		perror(path);
		return EXIT_FAILURE;
	}
	rewind(f);
	/* Of the exact size, so that a sanitizer sees a read past the end. */
	data = malloc((size_t)size);
	if ((!data && size) || fread(data, 1, (size_t)size, f) != (size_t)size) {
		perror(path);
		return EXIT_FAILURE;
	}
	fclose(f);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (replay(argv[i]))
			return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
