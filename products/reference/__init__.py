"""The published past of ISECG: a file of sourced facts, read, checked and written."""
