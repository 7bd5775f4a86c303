#!/usr/bin/env bash
# Regenerates the Python client's messages from the .proto files; with --check, only compares.
#
# The envelope and the health protocol move into the package: a process may have other copies of
# both, and Python's protobuf keeps one registry of names. On the wire nothing tells the names.
set -euo pipefail
cd "$(dirname "$0")"
out=../Clients/Python/src
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/in/sidecart/v1" "$work/in/sidecart/wire" "$work/out"
cp sidecart/v1/*.proto "$work/in/sidecart/v1"
for file in ttrpc/v1/ttrpc.proto grpc/health/v1/health.proto; do
    sed -E 's|^package [a-z0-9.]+;|package sidecart.wire;|' "$file" >"$work/in/sidecart/wire/$(basename "$file")"
done
(cd "$work/in" && protoc --python_out="$work/out" --pyi_out="$work/out" $(find . -name '*.proto' | sort | sed 's|^\./||'))

if [[ "${1:-}" == --check ]]; then
    for folder in v1 wire; do
        mkdir -p "$work/now/$folder"
        cp "$out/sidecart/$folder"/*_pb2.py* "$work/now/$folder"
        diff -r "$work/out/sidecart/$folder" "$work/now/$folder"
    done
    echo "generated Python is up to date"
else
    for folder in v1 wire; do
        rm -f "$out/sidecart/$folder"/*_pb2.py "$out/sidecart/$folder"/*_pb2.pyi
        cp "$work/out/sidecart/$folder"/* "$out/sidecart/$folder"
    done
    echo "wrote $out/sidecart"
fi
