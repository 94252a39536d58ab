"""What people type about products, and what is wrong with it."""
