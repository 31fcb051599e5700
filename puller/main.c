/* drop-puller: see puller/puller.h for what it owns. */
#include "puller/puller.h"

static const struct proc_def puller = {
	.name = "puller",
	.doc = "creates and deletes pull pods, and removes startup taints",
	.id = PROC_PULLER,
	.handlers =
		{
			[MSG_doorbell] = on_doorbell,
			[MSG_changes] = on_changes,
			[MSG_pull_start] = on_pull_start,
			[MSG_pod_delete] = on_pod_delete,
			[MSG_node_open] = on_node_open,
			[MSG_node_say] = on_node_say,
			[MSG_puller_sync] = on_puller_sync,
		},
	.options = puller_option_defs,
	.state_size = sizeof(struct puller),
	.init = puller_init,
	.turn = puller_turn,
	.done = puller_done,
	.collect = puller_collect,
};

int main(int argc, char **argv)
{
	return proc_main(argc, argv, &puller);
}
