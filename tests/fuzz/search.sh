#!/bin/sh
# Lets a libFuzzer program look for something new: search.sh PROGRAM SEEDS. For FUZZ_SECONDS (10); what it
# learns is kept in FUZZ_CORPUS/<program> if that is set, what breaks it always in the current folder.
set -eu
name=$(basename "$1")
if [ -n "${FUZZ_CORPUS:-}" ]; then
	corpus=$FUZZ_CORPUS/$name
	mkdir -p "$corpus"
else
	corpus=$(mktemp -d)
	trap 'rm -rf "$corpus"' EXIT
fi
"$1" -max_total_time="${FUZZ_SECONDS:-10}" -max_len=4096 -timeout=10 -rss_limit_mb=1024 -verbosity=0 \
	-artifact_prefix="$name-" "$corpus" "$2"
