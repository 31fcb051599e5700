/* Events of kubelets (usage/pulled.c), which anybody may write who may create events. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/ref.h"
#include "usage/fold.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct pulled e;
	struct err err;
	if (pulled_read((const char *)data, size, &a, &e, &err) == 1) {
		const char *again = ref_normal(&a, e.image);
		if (again == NULL || strcmp(again, e.image) != 0 || e.count == 0 || e.hash == 0)
			abort();
		struct usage *u = usage_new("drop-system", NULL, NULL);
		struct node node = {.meta = {.name = e.node, .uid = "u"}};
		usage_node_seen(u, &node, NULL);
		usage_list_begin(u, 1000000);
		usage_event(u, &e, 1000000);
		usage_list_end(u);
		usage_tick(u, 1010000, true);
		usage_free(u);
	}
	arena_done(&a);
	return 0;
}
