#!/usr/bin/env bash
# Builds the image from the tracked files of this tree, the same digest each time from one commit and one base:
#   build.sh [--out DIR] [--tag NAME:TAG]
# Leaves it in buildah's storage as NAME:TAG (localhost/drop:VERSION) and in DIR (build/image) as
#   drop.oci.tar      an OCI archive: skopeo copy oci-archive:build/image/drop.oci.tar docker://...
#   sbom.spdx.json    what is inside         digest, size     of its manifest; in bytes, compressed
# BASE=debian:12-slim (or any other Debian 12) builds on that; without it base.sh makes one from the package archive.
# PLATFORM=linux/arm64 builds for arm64: on such a machine, or on another one from programs that scripts/arm64.sh cross-compiles.
# With BASE another machine compiles by emulation instead, which takes far longer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

out=build/image
version=$(sed -n "s/^ *version: '\(.*\)',/\1/p" meson.build)
tag=localhost/drop:$version
while [ $# -gt 0 ]; do
	case $1 in
	--out) out=$2 ;;
	--tag) tag=$2 ;;
	*) sed -n '3s/^# *//p' "$0" >&2; exit 2 ;;
	esac
	shift 2
done
for program in buildah skopeo jq; do
	command -v $program >/dev/null || scripts/setup.sh image
done
host=$(dpkg --print-architecture)
cross=
if [ "${PLATFORM:-linux/$host}" = "linux/$host" ]; then
	BASE=${BASE:-$(deploy/image/base.sh)}
elif [ "$PLATFORM" = linux/arm64 ] && [ -z "${BASE-}" ]; then
	cross=aarch64-linux-gnu
else
	scripts/setup.sh foreign
	arch-test "${PLATFORM#linux/}" >/dev/null || {
		echo "build.sh: this kernel does not run programs for $PLATFORM. As root:" \
			"mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc; update-binfmts --enable" >&2
		exit 1
	}
	BASE=${BASE:-$(deploy/image/base.sh)}
fi

# The commit names what is in the tree; what is not committed is built too, and the name says so.
revision=$(git rev-parse HEAD)
epoch=$(git log -1 --format=%ct)
[ -z "$(git status --porcelain --untracked-files=no)" ] || revision=$revision-dirty

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out" "$work/context"
git ls-files -z | tar --null --ignore-failed-read -T - -cf - 2>/dev/null | tar -xf - -C "$work/context"

# What is left of the Containerfile is its second stage, with the folder that the first one would have made.
containerfile=deploy/image/Containerfile
if [ -n "$cross" ]; then
	root=$(cd "$work/context" && SOURCE_DATE_EPOCH=$epoch scripts/arm64.sh --release build/release)
	"$work/context/deploy/image/layout.py" --build "$work/context/build/release" --out "$work/layout/out" --root "$root" $cross \
		--version "$version" --revision "$revision" --epoch "$epoch"
	rm -rf "$work/context"
	mv "$work/layout" "$work/context"
	containerfile=$work/Containerfile
	sed -n '/^FROM scratch/,$p' deploy/image/Containerfile | sed 's|--from=build /out/|out/|' >"$containerfile"
fi

# chroot asks least of the machine it runs on; the build stage needs no more.
buildah build --quiet --isolation "${BUILDAH_ISOLATION:-chroot}" --format oci \
	${PLATFORM:+--platform "$PLATFORM"} --timestamp "$epoch" \
	--build-arg BASE="${BASE-}" --build-arg VERSION="$version" --build-arg REVISION="$revision" \
	--build-arg SOURCE_DATE_EPOCH="$epoch" \
	--annotation org.opencontainers.image.version="$version" \
	--annotation org.opencontainers.image.revision="$revision" \
	--annotation org.opencontainers.image.licenses=MIT \
	--annotation org.opencontainers.image.created="$(date -u -d "@$epoch" +%FT%TZ)" \
	--file "$containerfile" --tag "$tag" "$work/context" >"$work/id"

rm -f "$out/drop.oci.tar"
skopeo copy --quiet "containers-storage:$tag" "oci-archive:$out/drop.oci.tar:$version"
skopeo inspect --raw "oci-archive:$out/drop.oci.tar" >"$work/manifest"
echo "sha256:$(sha256sum <"$work/manifest" | cut -d' ' -f1)" >"$out/digest"
jq '[.config.size, .layers[].size] | add' "$work/manifest" >"$out/size"
container=$(buildah from --quiet "$tag")
mounted=$(buildah mount "$container")
cp "$mounted/usr/share/drop/sbom.spdx.json" "$out/sbom.spdx.json"
buildah rm "$container" >/dev/null
echo "$tag $(cat "$out/digest") $(awk '{ printf "%.1f MB", $1 / 1e6 }' "$out/size"), compressed"
