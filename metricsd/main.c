/* drop-metricsd: see metricsd/metricsd.h for what it owns. */
#include "metricsd/metricsd.h"

static const struct proc_def metricsd = {
	.name = "metricsd",
	.doc = "serves metrics and health of all processes",
	.id = PROC_METRICSD,
	.asks_everybody = true,
	.handlers =
		{
			[MSG_metrics] = on_metrics,
			[MSG_overview] = on_overview,
			[MSG_images_explained] = on_images_explained,
			[MSG_queue_explained] = on_queue_explained,
			[MSG_held_explained] = on_held_explained,
			[MSG_report] = on_report,
			[MSG_changes] = on_changes,
		},
	.options = metricsd_option_defs,
	.state_size = sizeof(struct metricsd),
	.init = metricsd_init,
	.turn = metricsd_turn,
	.done = metricsd_done,
};

int main(int argc, char **argv)
{
	return proc_main(argc, argv, &metricsd);
}
