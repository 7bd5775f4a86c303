# Sidecart: every target works on a fresh Debian machine with a Swift 6.2 toolchain.
.PHONY: setup build demo test venv test-data test-python test-clients test-importers crash-test bench fuzz hostile sanitize docs format check-format generate check-generated

PACKAGES = libuv1-dev libprotobuf-c-dev protobuf-c-compiler libprotobuf-dev protobuf-compiler zlib1g-dev libssl-dev \
	libopenblas0 libsqlite3-dev libnghttp2-dev

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

demo: setup
	swift run -c release sidecart demo

# Formatting, generated code, warnings (errors in this package) and all tests, in release.
test: setup check-format check-generated
	swift build -c release --build-tests
	swift test -c release --skip-build
	Tests/Downstream/check

# What tests ask that are written in Python.
venv:
	python3 -m venv .build/venv
	.build/venv/bin/pip install --quiet numpy safetensors prometheus-client \
		grpcio grpcio-tools grpcio-reflection grpcio-health-checking grpclib

# The tests that need Python, or data that is not in this repository: published figures. SIDECART_DATA names
# the folder of the data sets; the Open Bandit Dataset's sample files come with its Python package.
SIDECART_DATA ?= ../shared/data
test-data: setup test-python venv
	.build/venv/bin/pip download --quiet --no-deps --dest .build/obp obp==0.4.1
	python3 -m zipfile -e .build/obp/obp-0.4.1-py3-none-any.whl .build/obp
	swift build -c release --build-tests
	SIDECART_DATA=$(SIDECART_DATA) SIDECART_PYTHON=$(CURDIR)/.build/venv/bin/python \
		SIDECART_OBP=$(CURDIR)/.build/obp/obp/dataset/obd \
		swift test -c release --skip-build --filter 'MovieLensTests|RelationDataTests|PythonTests|OpenBanditTests|MetricsReadersTests'

# The Python client: format, types, and its tests on a real server.
PYTHON = $(CURDIR)/.build/python/bin
test-python: setup
	python3 -m venv .build/python
	$(PYTHON)/pip install --quiet --editable 'Clients/Python[dev]'
	swift build -c release --product sidecart
	cd Clients/Python && $(PYTHON)/ruff format --check . && $(PYTHON)/ruff check . && $(PYTHON)/mypy
	cd Clients/Python && SIDECART_BINARY=$(CURDIR)/.build/release/sidecart $(PYTHON)/pytest --ignore tests/importers

# Stock clients against servers: those of Go and C++ on Debian's libraries, which are compiled, and grpcio and grpclib,
# with gRPC's interoperability cases. What cannot be installed is told, and its tests are skipped.
CLIENTS = $(CURDIR)/.build/clients
GO_PACKAGES = golang-go golang-github-containerd-ttrpc-dev golang-google-grpc-dev golang-goprotobuf-dev \
	golang-golang-x-sys-dev
CPP_PACKAGES = g++ libgrpc++-dev protobuf-compiler-grpc
test-clients: setup venv
	@rm -f $(CLIENTS)/go-* $(CLIENTS)/cpp-*
	@if $(MAKE) -s setup PACKAGES='$(GO_PACKAGES)'; then Clients/Go/build $(CLIENTS); \
		else echo "SKIPPED: Go and its libraries cannot be installed here"; fi
	@if $(MAKE) -s setup PACKAGES='$(CPP_PACKAGES)'; then $(MAKE) -s -C Clients/Cpp OUT=$(CLIENTS); \
		else echo "SKIPPED: gRPC for C++ cannot be installed here"; fi
	swift build -c release --build-tests
	SIDECART_CLIENTS=$(CLIENTS) SIDECART_PYTHON=$(CURDIR)/.build/venv/bin/python \
		swift test -c release --skip-build --filter 'ClientProgramTests|GRPCPythonTests'

# Trains a model with each library that bundles are imported from, and compares what it recommends with what is served.
# Downloads some gigabytes; a library that cannot be installed is told, and its tests are skipped. LightFM is built from
# source by rules that newer packagers have dropped, so it comes before those that want a newer setuptools. Each has a
# process of its own, since not all of them bear each other; pytest ends with 5 where all of a file is skipped.
IMPORTERS = $(CURDIR)/.build/importers/bin
IMPORTED = implicit scikit-learn scikit-surprise pyspark torch faiss-cpu 'tensorflow tensorflow-recommenders tf-keras'
test-importers: setup
	python3 -m venv .build/importers
	$(IMPORTERS)/pip install --quiet 'setuptools<70' wheel scipy pandas
	$(IMPORTERS)/pip install --quiet --editable 'Clients/Python[dev]'
	$(IMPORTERS)/pip install --quiet --no-use-pep517 lightfm || echo "SKIPPED: lightfm cannot be installed here"
	@for libraries in $(IMPORTED); do \
		$(IMPORTERS)/pip install --quiet $$libraries || echo "SKIPPED: $$libraries cannot be installed here"; \
	done
	swift build -c release --product sidecart
	@cd Clients/Python; for file in tests/importers/test_*.py; do \
		SIDECART_BINARY=$(CURDIR)/.build/release/sidecart $(IMPORTERS)/pytest -W ignore $$file; code=$$?; \
		[ $$code -eq 0 ] || [ $$code -eq 5 ] || failed="$$failed $$file"; \
	done; [ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }

# Attacks on a server, in full: crowds that fill its buffers, another user, kill -9 while a bundle is replaced,
# SIGTERM and take-overs under load, floods over HTTP/2 and what neighbors feel of them. Prints a line for each; some
# minutes. Needs root for the other user.
hostile: setup
	swift build -c release --build-tests
	SIDECART_HOSTILE=full swift test -c release --skip-build --filter 'PeerAttackTests|HostileTests|HostileNeighborTests|AccessTests|BufferLimitTests'

# Kills a server that records at 200 random points, and checks after it that every acknowledged event is there once.
# SIDECART_SEED draws other points.
crash-test: setup
	swift build -c release --build-tests
	SIDECART_KILLS=200 swift test -c release --skip-build --filter CrashTests

bench: setup
	swift build -c release
	.build/release/sidecart bench
	.build/release/sidecart bench --one-cpu
	.build/release/sidecart bench --items 1000000 --draw evenly --in-flight 64
	.build/release/sidecart bench --mix score=9,recommend=1 --reasons
	.build/release/sidecart bench --model weights --mix recommend=1 --baskets 5 --known-users -k 20 --reasons
	.build/release/sidecart bench --neighbor-load --seconds 3
	.build/release/sidecart bench --promotions 20 --rate 50000 --seconds 60
	.build/release/sidecart bench --events --seconds 3
	SIDECART_BENCHMARK_ROWS=10000,100000,1000000 swift test -c release --filter BenchmarkTests
	SIDECART_BENCHMARK_TOP=64,192 swift test -c release --filter TopItemsBenchmark

# libFuzzer with AddressSanitizer on whatever reads what others wrote (of two -sanitize options swiftc would heed the
# last alone, and libFuzzer would see no coverage): `make fuzz` runs each target FUZZ_RUNS times,
# `make fuzz FUZZ_TARGETS=csv FUZZ_RUNS=1000000` one of them. Inputs found stay in .build/fuzz/corpus, and one that
# crashes, leaks or takes over a second is written beside it and ends the run.
FUZZ_RUNS ?= 100000
FUZZ_TARGETS ?= $$($(FUZZ) list)
FUZZ = .build/fuzz/release/fuzz
fuzz: setup
	swift build -c release --product fuzz --scratch-path .build/fuzz \
		-Xswiftc -sanitize=fuzzer,address -Xswiftc -use-ld=lld \
		-Xcc -fsanitize=address,fuzzer-no-link -Xcc -DSIDECART_LIBFUZZER
	@for target in $(FUZZ_TARGETS); do \
		echo "== $$target"; corpus=.build/fuzz/corpus/$$target; \
		mkdir -p $$corpus .build/fuzz/found; \
		$(FUZZ) seeds $$target $$corpus || exit 1; \
		ASAN_OPTIONS=malloc_context_size=2:quarantine_size_mb=16 \
		$(FUZZ) $$target $$corpus -runs=$(FUZZ_RUNS) -timeout=1 -max_len=4096 -rss_limit_mb=4096 \
			-print_final_stats=1 -verbosity=0 -artifact_prefix=.build/fuzz/found/$$target- || exit 1; \
	done

# The tests again under AddressSanitizer and ThreadSanitizer, each in a build folder of its own. What leaks are
# reported are of the test runner itself and not of this package, so leaks are not looked for; nor are threads that
# nobody waited for, as a server that cannot start ends with the thread that loaded its model. The suites that train or
# compare with a plain reference would take long where threads are watched and are left out there; they share nothing
# between threads that others do not.
sanitize: setup
	ASAN_OPTIONS=detect_leaks=0 swift test -c release --sanitize=address --scratch-path .build/address
	TSAN_OPTIONS=suppressions=$(CURDIR)/.ci/thread-sanitizer.supp:report_thread_leaks=0 \
		swift test -c release --sanitize=thread --scratch-path .build/thread \
		--skip 'ModelsTests|EvaluationTests|CrossSellTests|BenchTests|EveryModelTests'

# The Swift client's documentation in .build/docs, as DocC makes it; what it warns of is an error.
docs: setup
	swift build -c release --target SidecartClient
	@mkdir -p .build/docs/graphs
	swift-symbolgraph-extract -module-name SidecartClient -target $$(uname -m)-unknown-linux-gnu \
		-I $$(swift build -c release --show-bin-path)/Modules -Xcc -fmodule-map-file=Sources/CLibUV/module.modulemap \
		-minimum-access-level public -output-dir .build/docs/graphs
	docc convert --warnings-as-errors --additional-symbol-graph-dir .build/docs/graphs \
		--fallback-display-name SidecartClient --fallback-bundle-identifier sidecart.client \
		--output-path .build/docs/SidecartClient.doccarchive

format:
	swift format --in-place --recursive Sources Clients Tests Package.swift

check-format:
	swift format lint --strict --recursive Sources Clients Tests Package.swift

generate: setup
	proto/generate.sh
	proto/generate-python.sh

check-generated:
	proto/generate.sh --check
	proto/generate-python.sh --check
