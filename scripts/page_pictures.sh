#!/usr/bin/env bash
# Takes docs/status-light.png and docs/status-dark.png: the status page in a real browser (Debian's chromium), in the
# middle of `make demo`, after a week of workloads that passes in half a minute (scripts/page_scene.py). Only the upper part
# of the page, in 64 colours (pngquant).
#   page_pictures.sh [SECONDS]        how far into the scene; 69 without it
#   PAGE=FILE page_pictures.sh NAME   of a page that was kept: NAME-WIDTH-SCHEME.png at 400, 420, 1280 and 1400 pixels
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
demo=
player=
finish() {
	[ -z "$player" ] || kill "$player" 2>/dev/null || true
	[ -z "$demo" ] || kill "$demo" 2>/dev/null || true
	[ -z "$demo" ] || wait "$demo" || true
	rm -rf "$work"
}
trap finish EXIT

# shot PAGE SCHEME WIDTH HEIGHT PICTURE
shot() {
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/$2-$3" \
		--blink-settings=preferredColorScheme="$([ "$2" = dark ] && echo 0 || echo 1)" \
		--window-size="$3,$4" --screenshot="$5" "file://$1" 2>/dev/null
}

if [ -n "${PAGE-}" ]; then
	for width in 400 420 1280 1400; do
		for scheme in light dark; do
			shot "$(realpath "$PAGE")" $scheme $width "${HEIGHT:-2400}" "$(realpath "$1")-$width-$scheme.png"
		done
	done
	exit
fi

at=${1:-69}
address=127.0.0.1:${PORT:-18090}
python3 scripts/page_scene.py sim/scenes/demo.yaml "$work/clock" >"$work/scene.yaml"
LD_PRELOAD="$(realpath "${BIN:-build/gcc/bin}/../sim/libclockshim.so")" DROP_CLOCK_FILE="$work/clock" USAGE=1 SECONDS_MAX=120 \
	STATUS_PAGE=$address SCREEN=lines scripts/demo.sh "$work/scene.yaml" >/dev/null 2>&1 &
demo=$!
python3 scripts/page_scene.py --play "$work/clock" &
player=$!

sleep "$at"
# Both at the same moment: what the page says is kept, and a browser of each scheme looks at that.
curl --silent --show-error --fail "http://$address/" >"$work/page.html"
[ -z "${KEEP-}" ] || cp "$work/page.html" "$KEEP"
for scheme in light dark; do
	shot "$work/page.html" $scheme 1120 "${HEIGHT:-1130}" "$work/$scheme.png"
	pngquant --speed 1 --nofs --force --output "docs/status-$scheme.png" 64 "$work/$scheme.png"
done
ls -l docs/status-*.png
