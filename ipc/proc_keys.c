/*
 * The keys of this process's hashes (base/hash.h). The key for maps and change detection is random
 * at each start. The key for image names is shared: the watcher hashes the images of nodes, the
 * reconciler those of CachedImages, and each may be restarted alone. So the supervisor generates it
 * and passes it in $DROP_HASH_KEY; a process that is run by hand has the key 0.
 */
#include "ipc/proc_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/ref.h"
#include "base/hash.h"
#include "base/random.h"

#define HEX_DIGITS 32

int proc_keys_open(struct err *err)
{
	hash_seed((struct hash_key){{random_id(), random_id()}});
	const char *text = getenv("DROP_HASH_KEY");
	if (text == NULL)
		return 0;
	struct hash_key key;
	if (strlen(text) != HEX_DIGITS || strspn(text, "0123456789abcdef") != HEX_DIGITS ||
	    sscanf(text, "%16" SCNx64 "%16" SCNx64, &key.k[0], &key.k[1]) != 2)
		return err_set(err, ERR_TERMINAL, "DROP_HASH_KEY: not 32 hex digits");
	ref_hash_seed(key);
	return 0;
}
