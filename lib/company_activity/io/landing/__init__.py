"""What has landed: parts, manifests, generations; the CRM files and their verdicts."""
