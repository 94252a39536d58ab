"""What: products, versions, circulations, calls, decisions, releases, the workplan."""
