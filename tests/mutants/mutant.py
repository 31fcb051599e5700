"""One mutant, and the test programs that many of them name."""
import collections

Mutant = collections.namedtuple("Mutant", "rule file old new test words", defaults=([],))

CORE = "tests/reconciler/test_reconciler_"
NAMES = "tests/reconciler/test_reconciler_sets_names"
SETS = "tests/reconciler/test_reconciler_sets"
STATUS = "tests/reconciler/test_reconciler_sets_status"
EVENTS = "tests/reconciler/test_reconciler_events"
SIM_SETS = "tests/simulation/sim_sets"
DISCOVERER = "tests/discoverer/test_discoverer_"
FOLD = "tests/usage/test_usage_fold"
SOURCES = "tests/sim/test_drop_sim_sources"
