"""The pages of who and when."""
