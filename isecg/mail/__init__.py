"""The outbox: letters queued with their fact, and the clockwork that sends them."""
