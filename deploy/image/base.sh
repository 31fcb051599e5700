#!/usr/bin/env bash
# Makes the base of the image's build stage from Debian's package archive alone, for places that cannot reach Docker
# Hub: what debian:12-slim is, with the packages of `scripts/setup.sh operator` in it already. Prints its name.
#   base.sh [--force]
# PLATFORM=linux/arm64 makes it for arm64 (build.sh brings what that needs on another machine).
# MIRROR and SECURITY_MIRROR name other archives, for example snapshot.debian.org with a date: then the base, and with
# it the image, can be made again years later. Kept in buildah's storage; made once a set of packages and mirror.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

MIRROR=${MIRROR:-http://deb.debian.org/debian}
SECURITY_MIRROR=${SECURITY_MIRROR:-http://deb.debian.org/debian-security}
SUITE=bookworm
arch=${PLATFORM:+${PLATFORM#linux/}}
arch=${arch:-$(dpkg --print-architecture)}
packages=$(scripts/setup.sh --list operator)
key=$(echo "$SUITE $arch $MIRROR $SECURITY_MIRROR $packages" | sha256sum | cut -c1-12)
name=localhost/drop-build-base:$SUITE-$arch-$key

if [ "${1-}" != --force ] && buildah inspect --type image "$name" >/dev/null 2>&1; then
	echo "$name"
	exit 0
fi
scripts/setup.sh image
work=$(mktemp -d)
container=
finish() {
	[ -z "$container" ] || buildah rm "$container" >/dev/null || true
	rm -rf "$work"
}
trap finish EXIT

echo "base.sh: making $name from $MIRROR; some minutes, once" >&2
# shellcheck disable=SC2086
mmdebstrap --quiet --variant=apt --architectures="$arch" --include="$(echo $packages | tr ' ' ,)" \
	--aptopt='Acquire::Retries "3"' \
	--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
	"$SUITE" "$work/base.tar" \
	"deb $MIRROR $SUITE main" "deb $MIRROR $SUITE-updates main" "deb $SECURITY_MIRROR $SUITE-security main" >&2
container=$(buildah from scratch)
buildah add --quiet "$container" "$work/base.tar" / >/dev/null
buildah config --arch "$arch" --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
buildah commit --quiet --disable-compression "$container" "$name" >/dev/null
echo "$name"
