# Thin names for ./run, for hands that type make.
.PHONY: run test lint lock
run: ; ./run
test: ; ./run test
lint: ; ./run lint
lock: ; ./run lock
