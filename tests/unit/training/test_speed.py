import pytest

from helpers.training import speed


def test_the_batch_is_never_changed_and_without_speedups_it_is_the_plain_recipe():
    assert not [name for name in speed.settings(True) if "batch" in name]
    assert speed.settings(False).keys() == {"dataloader_pin_memory", "optim"}


@pytest.mark.parametrize(("flags", "fast"), [("fpu avx512_bf16", True), ("fpu avx2", False)])
def test_bfloat16_follows_the_processor(monkeypatch, flags, fast):
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.setattr(speed.Path, "read_text", lambda path, encoding: f"flags : {flags}\n")
    assert speed.processor_multiplies_bfloat16() is fast
