/* drop-watcher: see watcher/watcher.h for what it owns. */
#include "watcher/watcher.h"

static const struct proc_def watcher = {
	.name = "watcher",
	.doc = "lists and watches the API server and holds the lease",
	.id = PROC_WATCHER,
	.handlers = {[MSG_changes_since] = watcher_on_changes_since,
		     [MSG_left_out_get] = watcher_on_left_out_get,
		     [MSG_usage_get] = watcher_on_usage_get,
		     [MSG_usage_show] = watcher_on_usage_show,
		     [MSG_starts_since] = watcher_on_starts_since},
	.options = watcher_option_defs,
	.state_size = sizeof(struct watcher),
	.init = watcher_init,
	.turn = watcher_turn,
	.done = watcher_done,
	.collect = watcher_collect,
};

int main(int argc, char **argv)
{
	return proc_main(argc, argv, &watcher);
}
