#!/usr/bin/env bash
# Installs what only the tests need: two browsers, ffmpeg and an independent RTSP server. Where a package cannot
# be had the tests that need it skip and print the reason.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

missing=()
command -v chromium >/dev/null || missing+=(chromium fonts-dejavu-core)
command -v ffmpeg >/dev/null || missing+=(ffmpeg)
if ! /usr/bin/python3 -c 'import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer' 2>/dev/null; then
    missing+=(libgstrtspserver-1.0-0 gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-base
        gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav
        gstreamer1.0-rtsp gstreamer1.0-tools)
fi
command -v WebKitWebDriver >/dev/null || missing+=(webkit2gtk-driver libwebkit2gtk-4.1-0)
command -v Xvfb >/dev/null || missing+=(xvfb)
dpkg -s gstreamer1.0-libav >/dev/null 2>&1 || missing+=(gstreamer1.0-libav gstreamer1.0-plugins-good gstreamer1.0-plugins-bad)
if [ ${#missing[@]} -gt 0 ]; then
    say "installing for the tests: ${missing[*]}"
    install_debian "${missing[@]}" ||
        say "could not install ${missing[*]}: tests that need them will be skipped"
fi
