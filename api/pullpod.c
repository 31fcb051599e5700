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

/* The number in "pull-7" and what follows it; -1: there is none that we would write. */
static int numbered(const char *name, const char **ret_rest)
{
	static const char prefix[] = PULLPOD_CONTAINER "-";
	const char *number = name + strlen(prefix);
	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return -1;
	size_t digits = strspn(number, "0123456789");
	if (digits == 0 || digits > 2 || (digits == 2 && *number == '0'))
		return -1;
	int place = digits == 1 ? number[0] - '0' : (number[0] - '0') * 10 + number[1] - '0';
	*ret_rest = number + digits;
	return place < PULLPOD_IMAGES_MAX ? place : -1;
}

bool pullpod_place(const char *name, int *ret_place)
{
	const char *rest = "";
	*ret_place = strcmp(name, PULLPOD_CONTAINER) == 0 ? PULLPOD_ONLY : numbered(name, &rest);
	return *rest == '\0' && (*ret_place >= 0 || strcmp(name, PULLPOD_CONTAINER) == 0);
}

enum pullpod_note pullpod_note_read(const char *key, int *ret_place)
{
	static const char *const notes[PULLPOD_NOTES] = {
		[PULLPOD_IMAGE] = PULLPOD_NOTE_IMAGE,
		[PULLPOD_IMAGE_UID] = PULLPOD_NOTE_IMAGE_UID,
		[PULLPOD_REFERENCE] = PULLPOD_NOTE_REFERENCE,
		[PULLPOD_ATTEMPT] = PULLPOD_NOTE_ATTEMPT,
	};
	static const char group[] = API_GROUP "/";
	size_t len = strlen(group);
	if (strncmp(key, group, len) != 0)
		return PULLPOD_NOTES;
	const char *name = key + len, *rest;
	int place = numbered(name, &rest);
	bool of_one = place >= 0 && *rest == '.';
	*ret_place = of_one ? place : PULLPOD_ONLY;
	if (of_one)
		name = rest + 1;
	for (int i = 0; i < PULLPOD_NOTES; i++)
		if (strcmp(name, notes[i] + len) == 0)
			return (enum pullpod_note)i;
	return PULLPOD_NOTES;
}
