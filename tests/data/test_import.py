"""``import vae_edu.data`` is cheap, and exports what it says."""

import subprocess
import sys

import vae_edu.data


def test_import_loads_nothing_heavy():
    heavy = ("torch", "matplotlib", "sklearn", "mlxtend", "pooch", "requests", "pandas", "scipy", "river")
    program = f"import sys, vae_edu.data; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_every_public_name_exists_and_is_documented():
    for name in vae_edu.data.__all__:
        assert getattr(vae_edu.data, name).__doc__, name
