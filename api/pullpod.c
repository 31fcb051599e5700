/* Names of containers and annotations of pull pods, for who writes and who reads them. */
#include "api/pullpod.h"

#include <stdio.h>
#include <string.h>

#include "api/kinds.h"

const char *pullpod_container(char out[PULLPOD_CONTAINER_SIZE], int place)
{
	if (place == PULLPOD_ONLY)
		snprintf(out, PULLPOD_CONTAINER_SIZE, "%s", PULLPOD_CONTAINER);
	else
		snprintf(out, PULLPOD_CONTAINER_SIZE, "%s-%d", PULLPOD_CONTAINER, place);
	return out;
}

const char *pullpod_note(char out[PULLPOD_KEY_SIZE], const char *note, int place)
{
	char container[PULLPOD_CONTAINER_SIZE];
	const char *name = note + strlen(API_GROUP "/");
	if (place == PULLPOD_ONLY)
		snprintf(out, PULLPOD_KEY_SIZE, "%s", note);
	else
		snprintf(out, PULLPOD_KEY_SIZE, "%s/%s.%s", API_GROUP,
			 pullpod_container(container, place), name);
	return out;
}
