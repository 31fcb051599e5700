# What people type. Everything real is done by meson, scripts/ and tests/cluster/.
# `make help` lists the targets; `make demo` and `make test` need nothing but
# Debian 12, git, make and a C compiler.

BUILD ?= build/gcc
# Of `make run`: dropctl finds /run/drop by itself, which only root can make.
SOCKETS ?= $(if $(filter 0,$(shell id -u)),/run/drop,$(or $(XDG_RUNTIME_DIR),/tmp)/drop-$(shell id -u))
# Where the image goes to and is installed from: IMG=registry.example.com/drop:0.1.0
IMG ?=
HELM ?= $(shell command -v helm || echo $$(tests/cluster/build.sh helm)/helm)
HELM_FLAGS ?=
CLUSTER ?= build/cluster
SEEDS ?= 1000
FIRST ?= 1
MINUTES ?= 1
PAIRS ?=
MODULES ?=

.DEFAULT_GOAL := help
.PHONY: help setup tools build run demo test test-unit test-e2e test-matrix bench mutants scenarios soak attack fmt lint lint-fix manifests \
	codegen docs-gen docs-gen-check sync-crds cluster-up cluster-down image docker-build image-push docker-push \
	krew helm-lint helm-template install uninstall deploy undeploy clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install the packages that building and testing need.
	scripts/setup.sh build cluster

build: ## Build with gcc into build/gcc.
	scripts/setup.sh build
	scripts/build.sh gcc

run: ## Run the whole operator from here against $KUBECONFIG.
	scripts/setup.sh build
	scripts/build.sh gcc programs
	$(BUILD)/bin/drop-supervisor --bin-dir $(BUILD)/bin --socket-dir $(SOCKETS)

demo: ## Watch 50 pretend nodes get their images, in seconds; REAL=1: on a real cluster.
	scripts/setup.sh build $(if $(REAL),cluster)
	scripts/build.sh gcc programs
	scripts/$(if $(REAL),demo_real.sh,demo.sh)

test: ## Everything: gcc, clang, sanitizers, unit, pipeline and the real cluster.
	scripts/setup.sh build cluster image foreign lint prometheus
	python3 scripts/run_tests.py

test-unit: ## The tests that need no cluster, with gcc only.
	scripts/setup.sh build cluster lint
	python3 scripts/run_tests.py gcc

test-e2e: ## The tests on the real cluster only.
	scripts/setup.sh build cluster image foreign prometheus
	python3 scripts/run_tests.py cluster

test-matrix: ## The cluster suite on each pair of Kubernetes and runtime (hours); PAIRS="1.36/containerd-2" MODULES="crds deploy" choose.
	scripts/setup.sh build cluster image foreign prometheus
	scripts/build.sh gcc
	tests/e2e/matrix.py --build $(BUILD) $(addprefix --pair ,$(PAIRS)) --record $(MODULES)
	tests/e2e/matrix.py --page

bench: ## What the operator costs, next to the floor; BENCH="--sim 1000x20 --growth" selects.
	scripts/setup.sh build cluster
	scripts/build.sh gcc
	bench/run.py --build $(BUILD) $(BENCH)

mutants: ## Breaks one line for each rule and looks that its test fails (about 10 minutes); RULES="8 10" chooses.
	scripts/setup.sh build
	python3 tests/mutants/run.py --scratch build/mutants $(RULES)

scenarios: ## A thousand seeded fault scenarios on drop-sim; SEEDS and FIRST choose others.
	scripts/setup.sh build
	scripts/build.sh gcc
	python3 tests/scenarios/run.py --build $(BUILD) --seeds $(SEEDS) --first $(FIRST)

soak: ## Ten thousand syncs of 200 policies with three sources each: are they spread, does memory stay flat?
	scripts/setup.sh build
	scripts/build.sh gcc
	python3 tests/discovery/soak.py --build $(BUILD) --syncs 10000

attack: ## Attacks on every open port and hostile servers, with figures; MINUTES=60 stays among hostile servers.
	scripts/setup.sh build attack
	scripts/build.sh gcc
	scripts/build.sh asan
	python3 tests/attack/run.py --build $(BUILD) --asan build/asan --minutes $(MINUTES)

fmt: ## Format the C sources.
	git ls-files '*.c' '*.h' | xargs clang-format -i

lint: ## clang-tidy over the C sources, ruff over Python, shellcheck over scripts; warnings are errors.
	scripts/setup.sh build lint
	python3 tests/check/lint.py
	scripts/build.sh clang
	git ls-files '*.c' ':!tests' | xargs -n1 clang-tidy -p build/clang --quiet

lint-fix: ## clang-tidy, with what it can mend mended.
	scripts/build.sh clang
	git ls-files '*.c' ':!tests' | xargs -n1 clang-tidy -p build/clang --quiet --fix

manifests: build ## Write what is generated: CRDs, charts' copies, install.yaml, kustomize, man page, docs.
	meson compile -C $(BUILD) manifests
	$(BUILD)/ipc/msgman > man/drop-messages.7
	$(BUILD)/ipc/metricdoc docs/metrics.md
	$(BUILD)/sim/scenariodoc docs/scenario.md
	$(BUILD)/supervisor/configdoc docs/configuration.md
	deploy/render.py --helm $(HELM)

docs-gen-check: build ## Is everything that is generated up to date? (part of make test)
	command -v helm >/dev/null || tests/cluster/build.sh helm >/dev/null
	meson test -C $(BUILD) --suite check --print-errorlogs

sync-crds: ## Copy deploy/crds into the charts and to kustomize.
	deploy/render.py --crds-only

cluster-up: ## Start the real test cluster in build/cluster (then: . build/cluster/env).
	scripts/setup.sh cluster
	tests/cluster/up.sh $(CLUSTER) --network

cluster-down: ## Stop it.
	tests/cluster/down.sh $(CLUSTER)

image: ## Build the container image into build/image, with its SBOM; BASE=debian:12-slim builds on that.
	scripts/setup.sh image
	deploy/image/build.sh

image-push: ## Push it: IMG=registry.example.com/drop:0.1.0
	@test -n "$(IMG)" || { echo "say where to: make image-push IMG=registry.example.com/drop:0.1.0" >&2; exit 2; }
	skopeo copy $(SKOPEO_FLAGS) oci-archive:build/image/drop.oci.tar docker://$(IMG)

krew: ## Pack `kubectl drop` for krew into build/krew: URL=https://... is where the archive will be.
	@test -n "$(URL)" || { echo "say where it will be: make krew URL=https://example.com/download" >&2; exit 2; }
	deploy/krew/pack.py --url "$(URL)" --out build/krew

helm-lint: ## Lint the charts, with helm's own rules.
	$(HELM) lint --strict deploy/helm/drop --set image.repository=example.com/drop
	$(HELM) lint --strict deploy/helm/drop-crds

helm-template: ## Render the chart; HELM_FLAGS="--set ..." for other values.
	@$(HELM) template drop deploy/helm/drop --namespace drop-system --set image.repository=example.com/drop $(HELM_FLAGS)

install: ## Put the CRDs into the cluster of $KUBECONFIG.
	kubectl apply --server-side -f deploy/crds || kubectl apply --validate=warn -f deploy/crds # Kubernetes 1.29

uninstall: ## Remove the CRDs, and with them all objects of their kinds.
	kubectl delete -f deploy/crds

deploy: install ## Install the operator there: IMG=registry.example.com/drop:0.1.0
	@test -n "$(IMG)" || { echo "say where the image is: make deploy IMG=registry.example.com/drop:0.1.0" >&2; exit 2; }
	sed 's#image: drop:.*#image: $(IMG)#' deploy/install.yaml | kubectl apply -f -

undeploy: ## Remove it; CRDs and their objects stay.
	kubectl delete --ignore-not-found -f deploy/install.yaml

# Other names of the same, for those who know upstream's.
tools: setup
codegen docs-gen: manifests
docker-build: image
docker-push: image-push

clean: ## Remove what was built here; the cached cluster binaries stay.
	rm -rf build
