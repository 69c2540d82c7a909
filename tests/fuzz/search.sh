#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Searches for inputs that break a target, FUZZ_SECONDS each (20), starting from the kept
# corpus. What it finds stays in tests/fuzz/found/; an input worth keeping goes into the corpus.
for corpus in "$TEST_SRCDIR"/tests/fuzz/corpus/*; do
	name=$(basename "$corpus")
	found=tests/fuzz/found/$name
	mkdir -p "$found" || exit 1
	echo "fuzz $name"
	tests/fuzz/fuzz_"$name" -max_total_time="${FUZZ_SECONDS:-20}" -timeout=10 -rss_limit_mb=4096 \
		-print_final_stats=1 -artifact_prefix="$found/" "$found" "$corpus" \
		>"$found.log" 2>&1 || {
		tail -n 40 "$found.log"
		exit 1
	}
	grep -E 'number_of_executed_units|new_units_added' "$found.log"
done
