"""A small world of companies and their users, from which the samples and their ground truth are made.

`cast` says who takes part, `users` lets people come and go, `feed` writes what a usage API reports of them,
`oddities` plants what a real feed gets wrong, `crm` writes the snapshots of a CRM, `truth` tells what was.
"""
