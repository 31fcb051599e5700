/* drop-discoverer: see discoverer/discoverer.h for what it owns. */
#include "discoverer/discoverer.h"

static const struct proc_def discoverer = {
	.name = "discoverer",
	.doc = "asks Prometheus and registries which images are wanted",
	.id = PROC_DISCOVERER,
	.handlers =
		{
			[MSG_doorbell] = on_doorbell,
			[MSG_changes] = on_changes,
			[MSG_discover] = on_discover,
			[MSG_facts_show] = on_facts_show,
			[MSG_image_facts] = on_image_facts,
			[MSG_usage] = on_usage,
		},
	.options = discoverer_option_defs,
	.state_size = sizeof(struct discoverer),
	.init = discoverer_init,
	.turn = discoverer_turn,
	.done = discoverer_done,
	.collect = discoverer_collect,
};

int main(int argc, char **argv)
{
	return proc_main(argc, argv, &discoverer);
}
