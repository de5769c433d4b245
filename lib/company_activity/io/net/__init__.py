"""What every connection shares: sessions, loopback, causes of failure."""
