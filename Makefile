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

# After a retraining and public_rivals.py: what the models that ship show. It writes their files,
# golden outputs, pages and pictures, and the tables of examples/benchmarks/results into build/tables.
retrained:
	python -m tools.retrain.measure
	PYTHONPATH=. python tests/test_pretrained.py
	python docs/blocks.py README.md docs/*.md
	PYTHONPATH=. python docs/interface.py
	cd docs && python ../examples/plot_shipped_model.py && python ../examples/plot_letter_by_letter.py
	mkdir -p build/tables
	python examples/benchmarks/bench_abstaining.py > build/tables/abstaining.md
	python examples/benchmarks/bench_countries.py > build/tables/countries.md
	for labels in nationality country; do \
		python examples/benchmarks/bench_shares.py --mixes --labels $$labels \
			> build/tables/$$labels.md || exit; \
	done
	python examples/benchmarks/bench_public.py --cache build/tables/public \
		--write docs/how_it_compares.md examples/benchmarks/results/public.md > build/tables/public.md
	python examples/benchmarks/bench_own_labels.py > build/tables/own_labels.md

# What is uploaded.
build:
	python -m build
	twine check --strict dist/*
