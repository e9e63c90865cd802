#!/usr/bin/env bash
# Stands in for fpm where it cannot be fetched: takes the arguments that electron-builder gives it for a .deb and calls dpkg-deb. Use:
#   CUSTOM_FPM_PATH=$PWD/resources/build/debWithoutFpm.sh node resources/build/pack.ts …
# Knows only what a .deb needs; anything else it is asked for is an error.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/DEBIAN"
name='' version='' arch='' out='' maintainer='' url='' description='' section=misc priority=optional depends='' recommends='' compression=xz
append() { printf '%s' "${1:+$1, }$2"; }

while [ $# -gt 0 ]; do
  case "$1" in
    -s) shift 2 ;;
    -t) [ "$2" = deb ] || { echo "debWithoutFpm: only deb, not $2" >&2; exit 1; }; shift 2 ;;
    --force) shift ;;
    --architecture) arch=$2; shift 2 ;;
    --name) name=$2; shift 2 ;;
    --version) version=$2; shift 2 ;;
    --package) out=$2; shift 2 ;;
    --maintainer) maintainer=$2; shift 2 ;;
    --url) url=$2; shift 2 ;;
    --description) description=$2; shift 2 ;;
    --category) section=$2; shift 2 ;;
    --deb-priority) priority=$2; shift 2 ;;
    -d | --depends) depends=$(append "$depends" "$2"); shift 2 ;;
    --deb-recommends) recommends=$(append "$recommends" "$2"); shift 2 ;;
    --after-install) install -m 755 "$2" "$work/DEBIAN/postinst"; shift 2 ;;
    --after-remove) install -m 755 "$2" "$work/DEBIAN/postrm"; shift 2 ;;
    --deb-compression) compression=$2; shift 2 ;;
    --vendor | --license | --iteration) shift 2 ;;
    /*=/*)
      from=${1%%=*} to=$work${1#*=}
      if [ -d "$from" ]; then mkdir -p "$to" && cp -al "$from/." "$to" 2>/dev/null || cp -a "$from/." "$to"
      else install -D -m 644 "$from" "$to"; fi
      shift ;;
    *) echo "debWithoutFpm: what is $1?" >&2; exit 1 ;;
  esac
done

{
  echo "Package: $name"
  echo "Version: $version"
  echo "Architecture: $arch"
  echo "Maintainer: $maintainer"
  echo "Section: $section"
  echo "Priority: $priority"
  echo "Homepage: $url"
  [ -z "$depends" ] || echo "Depends: $depends"
  [ -z "$recommends" ] || echo "Recommends: $recommends"
  echo "Installed-Size: $(du -sk "$work" | cut -f1)"
  # The first line is the synopsis; the others are indented, empty ones a dot.
  echo "Description: $(printf '%s' "$description" | sed -e 's/^ *//' -e '1!s/^$/./' -e '1!s/^/ /')"
} >"$work/DEBIAN/control"
case "$compression" in gz) compression=gzip ;; bzip2 | lzo) echo "debWithoutFpm: no $compression" >&2; exit 1 ;; esac
dpkg-deb --root-owner-group "-Z$compression" -z1 --build "$work" "$out"
