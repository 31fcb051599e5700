/* Uses the circle and is no part of it. */
#include "tests/check/planted/planted.h"

int planted_user(int n)
{
	return n > 0 ? planted_one(n - 1) : 0;
}
