"""What can be done about who and when: one function, one transaction, one reason."""
