"""What the provider and the tests call by the same name."""

FILE = "people.json"
PASSWORD = "as the agency knows me"
