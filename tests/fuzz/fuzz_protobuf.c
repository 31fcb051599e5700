/*
 * Protobuf bodies: refused, or an object that is JSON and comes out of its text again.
 */
#include <stdint.h>
#include <stdlib.h>

#include "sim/apiserver/protobuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (const struct resource *r = resources; r < resources + resources_n; r++) {
		struct api_error e = {0};
		cJSON *obj;
		if (protobuf_read(r, (const char *)data, size, &obj, &e) != 0) {
			require(e.code == 400);
			continue;
		}
		char *text = cJSON_PrintUnformatted(obj);
		cJSON *back = cJSON_Parse(text);
		require(back != NULL && cJSON_Compare(obj, back, true));
		cJSON_Delete(back);
		cJSON_free(text);
		cJSON_Delete(obj);
	}
	return 0;
}
