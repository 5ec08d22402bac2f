from pathlib import Path

import platformdirs

from vae_edu.data.folders import user_cache_dir, user_data_dir


def test_vae_edu_home_holds_both(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_EDU_HOME", str(tmp_path))
    assert user_data_dir() == tmp_path / "data"
    assert user_cache_dir() == tmp_path / "cache"


def test_tilde_and_relative_paths(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_EDU_HOME", "~/course")
    assert user_data_dir() == Path.home() / "course" / "data"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VAE_EDU_HOME", "here")
    assert user_cache_dir() == tmp_path / "here" / "cache"


def test_the_platforms_folders_without_it(monkeypatch):
    for unset in ("", None):
        if unset is None:
            monkeypatch.delenv("VAE_EDU_HOME")
        else:
            monkeypatch.setenv("VAE_EDU_HOME", unset)
        assert user_data_dir() == platformdirs.user_data_path("vae-edu", appauthor=False)
        assert user_cache_dir() == platformdirs.user_cache_path("vae-edu", appauthor=False)
    assert user_data_dir() != user_cache_dir()


def test_nothing_is_created(user_folder):
    user_data_dir(), user_cache_dir()
    assert not user_folder.exists()
