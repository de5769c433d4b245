"""What people do by hand: plan, explain, runs, doctor, migrate, rollback."""
