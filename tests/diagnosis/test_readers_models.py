"""``diagnose`` on models as readers write them: the fault is named, and sound models raise no alarm."""

import pytest
import torch
from diagnosis.readers_models import BROKEN, FRESH, NOTED, SOUND

from vae_edu.diagnosis import diagnose


@pytest.mark.parametrize("make", BROKEN | FRESH, ids=lambda each: each.__name__)
def test_the_fault_is_named(make):
    torch.manual_seed(0)
    report = diagnose(**make(), steps=30, batch_size=64)
    assert (BROKEN | FRESH)[make] in report, str(report)


@pytest.mark.parametrize("make", NOTED, ids=lambda each: each.__name__)
def test_what_may_be_meant_is_noted(make):
    torch.manual_seed(0)
    report = diagnose(**make())
    assert [each.check for each in report.findings] == [NOTED[make]], str(report)
    assert report.faults == [], str(report)


@pytest.mark.parametrize("make", SOUND, ids=lambda each: each.__name__)
def test_a_sound_model_raises_no_alarm(make):
    torch.manual_seed(0)
    report = diagnose(**make(), steps=60, batch_size=48)
    assert report.faults == [], str(report)
