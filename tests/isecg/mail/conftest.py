import pytest

from isecg.mail import registry
from tests.isecg.mail.post import ScriptedBackend


@pytest.fixture
def own_registry(monkeypatch):
    """Let a test register kinds and planners that nobody else sees."""
    monkeypatch.setattr(registry, "_checks", {})
    monkeypatch.setattr(registry, "_planners", {})
    return registry


@pytest.fixture
def backend(settings):
    ScriptedBackend.reset()
    settings.EMAIL_BACKEND = "tests.isecg.mail.post.ScriptedBackend"
    yield ScriptedBackend
    ScriptedBackend.reset()
