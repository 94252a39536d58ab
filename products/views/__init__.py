"""The pages of products, calls, decisions and the Workplan."""
