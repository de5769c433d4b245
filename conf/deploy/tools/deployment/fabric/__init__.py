"""The Fabric items: what of them is generated, and what a deployment would refuse."""
