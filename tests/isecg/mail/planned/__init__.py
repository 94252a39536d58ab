"""A room that plans letters, for the tests that run real processes."""
