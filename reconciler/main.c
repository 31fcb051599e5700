/* drop-reconciler: see reconciler/reconciler.h for what it owns. */
#include "reconciler/reconciler.h"

static const struct proc_def reconciler = {
	.name = "reconciler",
	.doc = "decides which image is pulled where and when, and writes the status",
	.id = PROC_RECONCILER,
	.handlers =
		{
			[MSG_doorbell] = on_doorbell,
			[MSG_changes] = on_changes,
			[MSG_pull_started] = on_pull_started,
			[MSG_pod_deleted] = on_pod_deleted,
			[MSG_puller_synced] = on_puller_synced,
			[MSG_facts_told] = on_facts_told,
			[MSG_node_opened] = on_node_opened,
			[MSG_node_said] = on_node_said,
			[MSG_explain] = on_explain,
			[MSG_explain_images] = on_explain_images,
			[MSG_explain_queue] = on_explain_queue,
			[MSG_overview_get] = on_overview_get,
			[MSG_explain_plan] = on_explain_plan,
			[MSG_explain_held] = on_explain_held,
			[MSG_gate_open] = on_gate_open,
			[MSG_starts] = on_starts,
			[MSG_report_get] = on_report_get,
		},
	.options = reconciler_option_defs,
	.state_size = sizeof(struct reconciler),
	.init = reconciler_init,
	.turn = reconciler_turn,
	.done = reconciler_done,
	.collect = reconciler_collect,
};

int main(int argc, char **argv)
{
	return proc_main(argc, argv, &reconciler);
}
