"""From Tesseract's TSV to text and words."""

from distributed_ocr_pipeline.ocr.engines.recognition import parse


def test_blocks_out_of_order_change_text_words_and_lines() -> None:
    rows = ["1\t1\t0\t0\t0\t0\t0\t0\t100\t100\t-1\t"]
    for block, top, text in ((1, 50, "below"), (2, 10, "above")):
        rows.append(f"5\t1\t{block}\t1\t1\t1\t10\t{top}\t60\t20\t90\t{text}")
    read = parse("\n".join(rows), None)
    assert read.text == "above\n\nbelow"
    assert [(word.text, word.line) for word in read.words] == [("above", 1), ("below", 2)]


def test_the_engines_own_text_is_kept_where_its_spaces_are_wanted() -> None:
    rows = "1\t1\t0\t0\t0\t0\t0\t0\t100\t100\t-1\t\n5\t1\t1\t1\t1\t1\t10\t10\t60\t20\t90\tword"
    assert parse(rows, "  word   gap\n").text == "word   gap"
    assert parse(rows, None).text == "word"
