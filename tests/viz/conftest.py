"""What is displayed is kept, not shown."""

import pytest

from vae_edu.viz import explorers, figures


@pytest.fixture
def shown(monkeypatch):
    """A list that fills with ``(data, metadata)`` of each output."""
    outputs = []

    def keep(data, *, metadata, raw):
        assert raw
        outputs.append((data, metadata))

    monkeypatch.setattr(figures, "display", keep)
    monkeypatch.setattr(explorers, "display", keep)
    return outputs
