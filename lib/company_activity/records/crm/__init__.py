"""A CRM export: bytes in, records out, each accepted, a duplicate, or refused with its line and reasons."""

from company_activity.records.crm.read import read_crm_file, snapshot_date
from company_activity.records.crm.records import CrmFile, CrmRecord, RefusedRow

__all__ = ["CrmFile", "CrmRecord", "RefusedRow", "read_crm_file", "snapshot_date"]
