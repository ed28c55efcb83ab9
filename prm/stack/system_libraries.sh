#!/bin/sh
# Pango draws the PDFs and has no wheel. Install it where that is allowed, else say the one line.
# Everything but PDFs works without it, so this never fails.
set -u
PACKAGES="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
have() { ldconfig -p 2>/dev/null | grep -q "$1"; }

if [ "$(uname)" != Linux ]; then
  [ -n "$(ls /opt/homebrew/lib/libpango-1.0* /usr/local/lib/libpango-1.0* 2>/dev/null)" ] || echo "PDFs need Pango: brew install pango"
  exit 0
fi
have libpango-1.0.so.0 && have libpangoft2-1.0.so.0 && have libharfbuzz-subset.so.0 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Pango for PDFs"
  # An old package list is the usual reason for a failed first try.
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $PACKAGES >/dev/null 2>&1 ||
    { apt-get update -qq >/dev/null 2>&1 && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $PACKAGES >/dev/null 2>&1; }
fi
have libpango-1.0.so.0 && have libpangoft2-1.0.so.0 ||
  echo "PDFs need Pango; everything else works without it. Debian and Ubuntu: apt-get install $PACKAGES"
exit 0
