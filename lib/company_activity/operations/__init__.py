"""What people do by hand: plan, migrate."""
