"""The picture of a run: it is what its script draws, and names what there is."""

from PIL import Image
from scripts.architecture import work_states
from scripts.pipeline_picture import BOXES, HEIGHT, PICTURE, WIDTH, draw


def test_the_stored_picture_is_what_the_script_draws() -> None:
    assert PICTURE.read_text(encoding="utf-8") == draw()
    with Image.open(PICTURE.with_suffix(".png")) as png:
        assert png.size == (2 * WIDTH, 2 * HEIGHT)


def test_it_shows_the_workflows_states_in_their_order() -> None:
    titles = [box.title for box in BOXES]
    states = [name.rpartition(": ")[2] for name, _ in work_states()]
    assert len(states) == 3
    assert [title for title in titles if title in states] == states


def test_no_text_is_wider_than_its_box() -> None:
    for box in BOXES:
        assert all(len(line) * 7.4 < box.width for line in box.lines)
        assert len(box.title) * 8.8 < box.width
