#!/usr/bin/env python3
"""The core is pure: purity.py NM LIBRARY checks what its objects need from outside.

No clock, log, random number, environment, file or socket; memory by base/xalloc.h and
the turn's arena (must 4). What is not on the list below fails.
"""
import re
import subprocess
import sys

ALLOWED = re.compile(
    r"^(bcmp|mem(chr|cmp|cpy|move|set)|str(chr|cmp|cspn|len|ncmp|nlen|rchr|spn|str)"
    r"|qsort|free|exp|log|tolower|__ctype_b_loc|__ctype_tolower_loc|_GLOBAL_OFFSET_TABLE_"
    r"|x(malloc|calloc|reallocarray|strdup)"
    r"|err_set|varint_\w+|arena_\w+|buf_\w+|map_\w+|texts?_\w+|hash_\w+|utf8_\w+|timers?_\w+"
    r"|zone_local|time_format|api_(condition_find|map_get|name_refs_equal)|quantity_(bytes|format)|health_\w+|desc_(encode|hash|hash_row|unlike|validate)|(cachedimage(set)?|pullpolicy)_(spec|status)_desc|kinds|pullpod_(container|note(_read)?)|platform_suits|node_(condition_find|name_hash)|ref_\w+"
    # what compilers and sanitizers add
    r"|__stack_chk_fail|__\w+_chk|__(asan|ubsan|sanitizer|lsan|llvm|gcov|gcc|tsan)\w*|abort)$")

nm, library = sys.argv[1:3]
out = subprocess.run([nm, "-f", "sysv", library], check=True, capture_output=True, text=True).stdout
# Name | Value | Class | Type | Size | Line | Section
rows = [[part.strip() for part in line.split("|")] for line in out.splitlines()]
rows = [row for row in rows if len(row) == 7]
defined = {row[0] for row in rows if row[2] not in "Uwv"}
needed = {row[0] for row in rows if row[2] in "Uwv"} - defined
bad = sorted(name for name in needed if not ALLOWED.match(name))
# Writable memory of its own would be a hidden input; .data.rel.ro is not writable.
state = sorted(row[0] for row in rows if row[2] in "BbDdC" and
               row[6].startswith((".data", ".bss", "*COM*")) and
               not row[6].startswith(".data.rel.ro") and not row[0].startswith(("__", ".")))
ok = bool(needed) and not bad and not state
print("1..1")
print("%sok 1 - %d symbols from outside, all allowed" % ("" if ok else "not ", len(needed)))
for name in bad:
    print("# not allowed: " + name)
for name in state:
    print("# writable: " + name)
sys.exit(not ok)
