# What contributors run, in the environment that CONTRIBUTING.md sets up.
.PHONY: check fix test coverage docs build

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

# What is uploaded.
build:
	python -m build
	twine check --strict dist/*
