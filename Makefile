# Each target is a script of the same name in scripts/, which runs without make too.
.DEFAULT_GOAL := help
.PHONY: help demo test check fuzz bench benchlaw bless prepare assets

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

export LISTEN DATA_DIR

demo: ## build, and run with made-up people; LISTEN=127.0.0.1:8080 DATA_DIR=./data
	@scripts/demo

test: ## every check and every test; installs what is missing where it can
	@scripts/test

check: ## formatting, lints, .sqlx, licences, openapi.json
	@scripts/check

fuzz: ## the service against docs/openapi.json; a part of `make test`
	@scripts/fuzz

bench: ## the budgets of the design, measured
	@scripts/bench

benchlaw: ## what a question to the law costs
	@scripts/benchlaw

bless: ## accept new snapshots and docs/openapi.json
	@scripts/bless

prepare: ## write .sqlx again after a query or a migration changed
	@scripts/prepare

assets: ## build web/ into assets/
	@scripts/assets
