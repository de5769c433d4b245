"""Worlds for judging churn rules: a plain one, and a hard one in which a feature can be switched off.

A plain world is the simulation of the samples. A hard world plays the same cast with the same seed and then takes
users away by draws of its own, so that no feature moves another one and none moves the plain world.
"""
