#!/usr/bin/env bash
# Takes docs/status-light.png and docs/status-dark.png: the status page in a real browser (Debian's chromium), in the
# middle of `make demo`.
#   page_pictures.sh [SECONDS]        how far into the demo; 14 without it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

at=${1:-14}
address=127.0.0.1:${PORT:-18090}
profile=$(mktemp -d)
STATUS_PAGE=$address SCREEN=lines scripts/demo.sh >/dev/null &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; wait "$demo" || true; rm -rf "$profile"' EXIT

sleep "$at"
# Both at the same moment: what the page says is kept, and a browser of each scheme looks at that.
curl --silent --show-error --fail "http://$address/" >"$profile/page.html"
for scheme in light dark; do
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$profile/$scheme" \
		--blink-settings=preferredColorScheme="$([ $scheme = dark ] && echo 0 || echo 1)" \
		--window-size=1120,"${HEIGHT:-2660}" --screenshot="docs/status-$scheme.png" "file://$profile/page.html" 2>/dev/null
done
ls -l docs/status-*.png
