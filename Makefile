# Everything a developer or a user types. `make help` lists the targets.

GO     ?= go
BIN    := bin
TOOL   := $(GO) tool -modfile=tools/go.mod
BUF    := tools/node_modules/.bin/buf
BUFVER := 1.75.0
# Packages whose tests start real processes: run after the others, one at a time.
E2E    := ./e2e/...
UNIT   = $(shell $(GO) list ./... | grep -v '^mlops/e2e')

.PHONY: help build test vet unit e2e soak bench fuzz lint bench-lightgbm bench-features generate check-generated breaking proto-baseline clean \
	train predict status observe init master worker

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the three binaries into bin/
	$(GO) build -o $(BIN)/ ./cmd/...

# --- proof ------------------------------------------------------------------

test: vet unit e2e ## vet, unit, property and conformance tests with -race, fuzz seeds, end-to-end

vet:
	$(GO) vet ./...
	$(GO) vet -tags soak ./runner/gbdt

# The race detector makes the comparisons with other libraries' figures ten times as slow
# and no better: they are not built with it, and run once more without. It also has every
# process sleep a second before it ends, and tests start hundreds.
unit:
	GORACE=atexit_sleep_ms=10 $(GO) test -race -timeout 8m $(UNIT)
	$(GO) test -timeout 8m ./runner/gbdt
	$(GO) test -timeout 8m -run 'AsGoodAs|AsWellAs|Quality|Peers' ./runner/training ./runner/neural

e2e:
	$(GO) test -timeout 8m $(E2E)

soak: ## the fault tests with 500 kills of the master over 5,000 workflows, features of 1.6 million windows, and trees on ten million rows and more
	MLOPS_SOAK=1 $(GO) test -timeout 120m -v -run 'Fault|Kill|Soak|Memory' $(E2E)
	$(GO) test -tags soak -timeout 120m -v -run Soak ./runner/gbdt

bench: ## the benchmarks behind every figure in the documentation
	$(GO) test -run '^$$' -bench . -benchmem -timeout 60m ./...

# LightGBM comes from PyPI into a virtual environment of its own.
PEERS := tools/.peers

$(PEERS)/ready:
	python3 -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet lightgbm==4.6.0 numpy scipy pandas pyarrow PyWavelets
	touch $@

bench-lightgbm: $(PEERS)/ready ## time and memory of the tree engine against LightGBM's, in turns (needs Python); writes docs/gbdt-speed.md
	$(PEERS)/bin/python tools/reference/gbdt_speed.py --out docs/gbdt-speed.md

bench-features: $(PEERS)/ready ## time of windows and features against Python's, in turns (needs Python); writes docs/features-speed.md
	$(PEERS)/bin/python tools/reference/features_speed.py --out docs/features-speed.md

fuzz: ## ten seconds of each fuzz target
	tools/fuzz 10s

lint: ## formatting and linters
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt would change:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(TOOL) golangci-lint run ./...

# --- protocol ---------------------------------------------------------------

$(BUF):
	npm install --silent --no-fund --no-audit --no-save --prefix tools @bufbuild/buf@$(BUFVER)

generate: $(BUF) ## generate the Go code of proto/
	$(BUF) lint
	$(BUF) generate

check-generated: generate ## fail when the generated code is not current
	@git diff --exit-code --stat -- proto || { echo "generated code is not current: run make generate and commit"; exit 1; }
	@test -z "$$(git status --porcelain -- proto)" || { git status --short -- proto; echo "generated code is not current: run make generate and commit"; exit 1; }

breaking: $(BUF) ## fail when proto/ breaks clients of the last release
	@if [ -f proto/baseline.binpb ]; then $(BUF) breaking --against proto/baseline.binpb; else echo "no proto/baseline.binpb yet: nothing to break"; fi

proto-baseline: $(BUF) ## record proto/ as released
	$(BUF) build -o proto/baseline.binpb

clean: ## delete what was built
	rm -rf $(BIN) tools/node_modules

# --- shortcuts, as Make MLOps Easy has them ------------------------------------

CLI = $(GO) run ./cmd/mlops-cli

train: ## make train DATA=data.csv [TARGET=column] [CONFIG=file]
	$(CLI) train $(DATA) $(if $(TARGET),--target $(TARGET)) $(if $(CONFIG),--config $(CONFIG))

predict: ## make predict DATA=data.csv MODEL_DIR=models/… [OUTPUT=predictions.json]
	$(CLI) predict $(DATA) $(MODEL_DIR) $(if $(OUTPUT),--output $(OUTPUT))

status: ## make status MODEL_DIR=models/…
	$(CLI) status $(MODEL_DIR)

observe: ## make observe MODEL_DIR=models/… [OUTPUT=report.txt]
	$(CLI) observe $(MODEL_DIR) $(if $(OUTPUT),--output $(OUTPUT))

init: ## make init [OUTPUT=mlops-config.yaml]
	$(CLI) init $(if $(OUTPUT),--output $(OUTPUT))

master: ## make master [LISTEN=127.0.0.1:7070] [STATE=dir]
	$(GO) run ./cmd/mlops-master $(if $(LISTEN),--listen $(LISTEN)) $(if $(STATE),--state $(STATE))

worker: ## make worker [MASTER=127.0.0.1:7070] [SLOTS=n]
	$(GO) run ./cmd/mlops-worker $(if $(MASTER),--master $(MASTER)) $(if $(SLOTS),--slots $(SLOTS))
