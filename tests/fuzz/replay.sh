#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Gives every kept input to its fuzz target once.
for corpus in "$TEST_SRCDIR"/tests/fuzz/corpus/*; do
	target=tests/fuzz/fuzz_$(basename "$corpus")
	[ -x "$target" ] || {
		echo "$corpus: there is no $target" >&2
		exit 1
	}
	timeout 300 "$target" "$corpus"/* || exit 1
done
