#!/usr/bin/env bash
# Regenerates Sources/CSidecartProto from the .proto files; with --check, only compares.
#
# The published files say `string`. protobuf-c would hand those over as NUL-terminated C strings, which
# cut an id at a NUL in silence, so each one gets protobuf-c's string_as_bytes option here, and only here:
# users of other languages need no protobuf-c import.
set -euo pipefail
cd "$(dirname "$0")"
out=../Sources/CSidecartProto
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/in" "$work/out/include"

find . -name '*.proto' | sort | while read -r file; do
    mkdir -p "$work/in/$(dirname "$file")"
    sed -E -e 's|^(syntax = "proto3";)|\1 import "protobuf-c/protobuf-c.proto";|' \
        -e 's|^( *(repeated )?string [a-z_]+ = [0-9]+);|\1 [(pb_c_field).string_as_bytes = true];|' \
        "$file" >"$work/in/$file"
done

(cd "$work/in" && protoc-c --proto_path=. --proto_path=/usr/include \
    --c_out="$work/out" $(find . -name '*.proto' | sort | sed 's|^\./||'))
# SwiftPM wants public headers under include/; the generated includes are relative to that root.
(cd "$work/out" && find . -name '*.pb-c.h' -not -path './include/*' | while read -r file; do
    mkdir -p "include/$(dirname "$file")"
    mv "$file" "include/$file"
done)
{
    echo 'module CSidecartProto {'
    (cd "$work/out/include" && find . -name '*.pb-c.h' | sort | sed -E 's|^\./(.*)$|    header "\1"|')
    echo '    export *'
    echo '}'
} >"$work/out/include/module.modulemap"

if [[ "${1:-}" == --check ]]; then
    diff -r "$work/out" "$out" && echo "generated code is up to date"
else
    rm -rf "$out"
    mkdir -p "$out"
    cp -r "$work/out/." "$out/"
    echo "wrote $out"
fi
