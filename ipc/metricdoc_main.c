/* Build tool: writes docs/metrics.md from the table of metrics, or compares it. */
#include "base/generated.h"
#include "ipc/metrics.h"

int main(int argc, char **argv)
{
	return generated_main(argc, argv, "metricdoc", metrics_doc);
}
