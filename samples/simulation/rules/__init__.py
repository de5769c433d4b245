"""Three churn rules in plain Python, for the comparison only: `today`, `reference` and `whom_to_call`.

Each takes a `Fleet` and gives a `Verdict` for each company and complete date.
"""
