"""An agency's OpenID provider, as a process of its own: nothing of it is ours but its people."""
