"""The demo story: an invented present, told through the services that everybody uses."""
