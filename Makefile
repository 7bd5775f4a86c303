# Sidecart: every target works on a fresh Debian machine with a Swift 6.2 toolchain.
.PHONY: setup build test format check-format generate check-generated

PACKAGES = libuv1-dev libprotobuf-c-dev protobuf-c-compiler libprotobuf-dev zlib1g-dev libssl-dev

# Installs the Debian packages that are missing, and only those.
setup:
	@missing=$$(for p in $(PACKAGES) pkg-config; do \
		dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'install ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
		sudo=$$([ $$(id -u) -eq 0 ] || echo sudo); \
		echo "installing" $$missing; \
		$$sudo apt-get update -qq && $$sudo apt-get install -y -qq $$missing; \
	fi

build: setup
	swift build -c release

test: setup check-format check-generated
	swift test -c release

format:
	swift format --in-place --recursive Sources Clients Tests Package.swift

check-format:
	swift format lint --strict --recursive Sources Clients Tests Package.swift

generate: setup
	proto/generate.sh

check-generated:
	proto/generate.sh --check
