"""What can be done to products: one function, one transaction, one reason."""
