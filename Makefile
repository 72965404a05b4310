# What contributors run, in the environment that CONTRIBUTING.md sets up.
.PHONY: check fix test coverage docs site retrained build

# What each commit must pass, in seconds.
check:
	ruff check .
	ruff format --check .
	codespell
	mypy
	python docs/check.py

# What of it ruff can repair.
fix:
	ruff check --fix .
	ruff format .

test:
	python -m pytest -n 2

coverage:
	python -m pytest -n 2 --cov

# The site, without the gallery's pictures.
docs:
	$(MAKE) -C docs html-noplot

# The site with them, in minutes: it runs each example, and one that fails ends it.
site:
	$(MAKE) -C docs html

# After a training: everything that shows the models, two pieces at a time. Call it again
# after an interruption. tools/retrain/after_training.py has the table of the pieces.
retrained:
	python -m tools.retrain.after_training

# What is uploaded.
build:
	python -m build
	twine check --strict dist/*
