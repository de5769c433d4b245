"""What the notebooks read and draw: the landing, a company, a day, churn. Nothing here writes."""
