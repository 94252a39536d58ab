"""Comments as tables that are carried in and out: CSV and XLSX (rule 37). Pure: no database."""
