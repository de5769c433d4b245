"""What people do by hand: plan, runs, doctor, migrate, rollback."""
