"""How people come in: our side of django-allauth, and what it must not decide by itself."""
