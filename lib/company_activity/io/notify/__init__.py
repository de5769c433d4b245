"""Messages about runs, and the channels that carry them: a file, mail, Teams, a webhook."""
