/*
 * Runs a fuzzer without libFuzzer, the same way each time: every seed as it is, cut
 * at many lengths and mutated, then random bytes. A crash or a sanitizer report is
 * the failure; a plain run is a test under any compiler.
 *
 * Usage: fuzz_<name>_replay [FOLDER-OF-SEEDS [SUFFIX]]. Prints TAP, a line a seed.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Bytes of a seed; longer ones are cut. */
#define SEED_MAX  (64 * 1024)
#define SEEDS_MAX 256
/* Lengths at which a seed is cut (all of them when it is shorter), and mutations of it. */
#define CUTS      400
#define MUTATIONS 400
#define RANDOM    4000
/* Bytes of a random input. */
#define RANDOM_MAX 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t rng = 1;

static uint64_t below(uint64_t n)
{
	/* splitmix64 */
	uint64_t z = rng += 0x9e3779b97f4a7c15ULL;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31)) % n;
}

/* On a copy of just this size, so that a sanitizer sees one byte too many. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = xmalloc(size != 0 ? size : 1);
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

/* A few changes: a bit, a byte, a run removed, a run repeated. Returns the new size. */
static size_t mutate(uint8_t *data, size_t size, size_t cap)
{
	for (uint64_t times = 1 + below(4); times > 0 && size > 0; times--) {
		size_t at = below(size), n = 1 + below(size - at < 16 ? size - at : 16);
		switch (below(4)) {
		case 0:
			data[at] ^= (uint8_t)(1U << below(8));
			break;
		case 1:
			data[at] = (uint8_t)below(256);
			break;
		case 2:
			memmove(data + at, data + at + n, size - at - n);
			size -= n;
			break;
		default:
			if (size + n > cap)
				break;
			memmove(data + at + n, data + at, size - at);
			size += n;
		}
	}
	return size;
}

static void replay_seed(const uint8_t *seed, size_t size)
{
	static uint8_t work[SEED_MAX + 1024];
	run(seed, size);
	size_t cuts = size < CUTS ? size : CUTS;
	for (size_t i = 0; i < cuts; i++)
		run(seed, size * i / cuts);
	for (int i = 0; i < MUTATIONS; i++) {
		memcpy(work, seed, size);
		run(work, mutate(work, size, sizeof(work)));
	}
}

static size_t read_seed(const char *folder, const char *name, uint8_t *into)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "rb");
	if (f == NULL) {
		perror(path);
		exit(111);
	}
	size_t n = fread(into, 1, SEED_MAX, f);
	fclose(f);
	return n;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in the folder that end with the suffix, sorted: the order must not vary. */
static size_t list_seeds(const char *folder, const char *suffix, char *names[SEEDS_MAX])
{
	DIR *dir = opendir(folder);
	if (dir == NULL) {
		perror(folder);
		exit(111);
	}
	size_t n = 0;
	for (struct dirent *e; (e = readdir(dir)) != NULL && n < SEEDS_MAX;) {
		size_t len = strlen(e->d_name), tail = strlen(suffix);
		if (e->d_name[0] != '.' && len >= tail &&
		    strcmp(e->d_name + len - tail, suffix) == 0)
			names[n++] = xstrdup(e->d_name);
	}
	closedir(dir);
	qsort(names, n, sizeof(names[0]), compare_names);
	return n;
}

int main(int argc, char **argv)
{
	static uint8_t data[SEED_MAX];
	char *names[SEEDS_MAX];
	size_t n = argc > 1 ? list_seeds(argv[1], argc > 2 ? argv[2] : "", names) : 0;
	printf("1..%zu\n", n + 1);
	for (size_t i = 0; i < n; i++) {
		replay_seed(data, read_seed(argv[1], names[i], data));
		printf("ok %zu - %s, cut and mutated\n", i + 1, names[i]);
		free(names[i]);
	}
	for (int i = 0; i < RANDOM; i++) {
		size_t size = below(RANDOM_MAX);
		for (size_t k = 0; k < size; k++)
			data[k] = (uint8_t)below(256);
		run(data, size);
	}
	printf("ok %zu - %d random inputs\n", n + 1, RANDOM);
	return 0;
}
