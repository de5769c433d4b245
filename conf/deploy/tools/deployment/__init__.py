"""Checks and generates what `conf/deploy/` holds, without a cloud: `make deploy`. Not in the wheel."""
