"""One record of a feed: fields, the landed line, the usage item, the CRM file. Plain Python."""
