"""Published figures: what matches, what can't be had and says why."""

from codesign.models.fpga.published import dpu, hao


def test_the_headline_is_context_with_its_reason():
    rows = {check.item: check for check in hao()}
    headline = rows["HAO ImageNet top-1 on the ZU3EG"]
    assert (headline.reference, headline.ours, headline.verdict) == (72.45, None, "not available")
    assert "ImageNet training" in headline.note
    assert "no energy model" in rows["HAO board power"].note


def test_our_optima_have_no_reference_and_get_faster_with_fewer_bits():
    fps = [check.ours for check in hao() if "our optimum" in check.item]
    assert len(fps) == 3
    assert fps == sorted(fps)


def test_the_processors_rates_stay_visible_with_their_note():
    assert [check.reference for check in dpu()] == [809.8, 205.3]
    assert all(check.ours and check.ours > check.reference for check in dpu())
