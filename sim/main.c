/* drop-sim: a pretend cluster behind a real API; what it does is in sim/sim.h. */
#include "sim/resources.h"

int main(void)
{
	return resources_n == 0;
}
