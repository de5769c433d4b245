"""Tests of the CRM reader: properties against an independent parser and the oracle, and the hand-made cases."""
