/*
 * One entry of a docker configuration, and the texts in it (behaviour.md 29, 36). Pure. What is
 * returned may be a secret: the caller ends with docker_forget().
 */
#ifndef DROP_DISCOVERER_REGISTRY_DOCKER_ENTRY_H
#define DROP_DISCOVERER_REGISTRY_DOCKER_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

/* Bytes of a key, of a user name with its password. */
#define DOCKER_KEY_MAX   1024
#define DOCKER_LOGIN_MAX (64 * 1024)

/* A JSON string without its escapes; NULL: none, or longer than max - 1 bytes. */
char *docker_text(struct json_range value, size_t max);
/* Wipes and frees; NULL is fine. */
void docker_forget(char *text);
/* User and password of an entry; false: it has none, as with an identitytoken alone. */
bool docker_entry_login(struct json_range entry, char **ret_user, char **ret_password);

#endif
