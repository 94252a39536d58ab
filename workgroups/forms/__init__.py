"""What people type about who and when, and what is wrong with it."""
