"""The report: from made-up measurements to ratios, a table, a JSON file and a page."""

from __future__ import annotations

import json

import pytest
from benchmarks import measurements, page, report, run

ABOUT = {
    "versions": {"torch": "2.13"}, "cpu": "a CPU", "cores": 2, "gpu": None, "date": "2026-01-31",
    "passes": 2, "quick": False,
}  # fmt: skip


def entry(row, role, variant, seconds, **facts):
    facts = {"row": row, "role": role, "variant": variant, "items": 64, "unit": "clip"} | facts
    return {"stats": {"data": seconds}, "extra_info": facts}


def at_least(value, **more):
    return {"kind": "at least", "value": value, **more}


def at_most(value, **more):
    return {"kind": "at most", "value": value, **more}


@pytest.fixture
def read(tmp_path):
    """Write passes as pytest-benchmark does, and read them."""

    def measured(*passes):
        found = []
        for number, entries in enumerate(passes, 1):
            path = tmp_path / f"pass-{number}.json"
            content = {"benchmarks": entries, "machine_info": {"cpu": {"brand_raw": "a CPU"}}}
            path.write_text(json.dumps(content))
            found += measurements.read(path, number)[0]
        return found

    return measured


class TestLines:
    def test_ratio_is_the_median_over_passes_of_ratios_of_medians(self, read):
        passes = [
            [
                entry("views", "baseline", "", [6.0 * slow, 6.4 * slow, 7.0 * slow]),
                entry("views", "ours", "eager", [0.9, 1.0, 1.1], target=at_least(6)),
                entry("views", "ours", "compiled", [0.8, 0.8, 0.9], target=at_least(10)),
            ]
            for slow in (1.0, 1.1, 2.0)
        ]
        eager, compiled = report.lines(read(*passes))
        assert eager.ratio == pytest.approx(6.4 * 1.1)
        assert eager.quartiles[0] < eager.ratio < eager.quartiles[1]
        assert (eager.met, compiled.met) == (True, False)
        assert compiled.ratio == pytest.approx(8.8)
        assert (eager.baseline, eager.ours) == ("110 ms / clip", "15.6 ms / clip")

    def test_a_pass_without_baseline_does_not_count(self, read):
        ours = entry("views", "ours", "eager", [1.0], target=at_least(2))
        (line,) = report.lines(read([entry("views", "baseline", "", [3.0]), ours], [ours]))
        assert (line.ratio, line.met) == (3.0, True)
        (line,) = report.lines(read([ours]))
        assert (line.ratio, line.met, line.target) == (None, None, "at least 2")

    def test_the_best_of_variants_meets_their_target(self, read):
        target = at_least(1.15, best_of="float32")
        made = report.lines(
            read(
                [
                    entry("agcn", "baseline", "", [2.0]),
                    entry("agcn", "ours", "eager", [1.9], target=target),
                    entry("agcn", "ours", "compiled", [1.0], target=target),
                    entry("agcn", "ours", "half", [1.9], target=at_least(1.15, best_of="half")),
                ]
            )
        )
        assert [line.met for line in made] == [True, True, False]

    def test_memory(self, read):
        limit = at_most(2**30, unit="bytes")
        made = report.lines(
            read(
                [
                    entry("step", "baseline", "", [9.0], bytes=400 * 2**20, items=1),
                    entry("step", "ours", "", [1.0], bytes=310 * 2**20, target=at_most(0.75)),
                    entry("knn", "baseline", "", [9.0], bytes=3 * 2**30),
                    entry("knn", "ours", "", [1.0], bytes=2**29, target=limit),
                ]
            )
        )
        assert [line.met for line in made] == [False, True]
        assert (made[0].baseline, made[0].ours, made[0].ratio) == ("400 MiB", "310 MiB", 0.775)
        assert made[1].target == "at most 1024 MiB"

    def test_flat(self, read):
        sweep = [
            entry("store", "flat", "padded", [cost], target=at_most(1.2),
                  sweep={"axis": "clips", "value": clips, "side": "padded"})
            for clips, cost in ((1000, 0.0064), (200_000, 0.00704))
        ]  # fmt: skip
        (line,) = report.lines(read(sweep, list(reversed(sweep))))
        assert line.ratio == pytest.approx(1.1)
        assert (line.met, line.ours) == (True, "100 µs, 110 µs / clip")

    def test_rate(self, read):
        product = entry("product", "rate", "float32", [0.5], work=1e11, work_unit="GFLOP/s")
        (line,) = report.lines(read([product]))
        assert line.ours == "200.0 GFLOP/s"


@pytest.fixture
def found(read):
    sweep = {"axis": "batch size", "value": 64, "side": "ours"}
    one_pass = [
        entry("views", "baseline", "", [6.0, 7.0]),
        entry("views", "ours", "eager", [1.0, 1.1], target=at_least(6)),
        entry("one view, batch size 64", "sweep", "ours", [1.0, 2.0], sweep=sweep),
    ]
    return read(one_pass, one_pass)


def test_table_is_aligned(found):
    rows = report.table(report.lines(found)).splitlines()
    assert len(rows) == 3  # points of the plot are no lines
    assert len({len(row) for row in rows}) == 1
    cells = [cell.strip() for cell in rows[2].strip("|").split("|")]
    assert cells[:4] == ["views", "eager", "102 ms / clip", "16.4 ms / clip"]
    assert cells[6:] == ["at least 6", "yes"]


def test_json_has_everything(found):
    made = report.lines(found)
    content = json.loads(json.dumps(report.as_dict(made, found, ABOUT)))
    assert content["about"]["cpu"] == "a CPU"
    assert content["lines"][0]["ratio"] == pytest.approx(6.5 / 1.05)
    assert content["measurements"][0]["seconds"] == [6.0, 7.0]


def test_page_keeps_what_is_around_the_markers(found, tmp_path):
    path = tmp_path / "speed.md"
    path.write_text(f"# Speed\n\n{page.BEGIN}\nold\n{page.END}\n\n## Why\n")
    for _ in range(2):
        page.update(path, report.lines(found), found, ABOUT)
    text = path.read_text()
    assert text.startswith(f"# Speed\n\n{page.BEGIN}\n\nMeasured on 2026-01-31, a CPU, 2 cores; ")
    assert text.endswith(f"![{page.ALT}](speed.png)\n\n{page.END}\n\n## Why\n")
    assert "old" not in text
    assert (tmp_path / "speed.png").stat().st_size > 1000


def test_arguments():
    args = run.parse(["--rows", "store", "--quick", "--store-clips", "10", "20"])
    assert (args.rows, args.quick, args.store_clips, args.passes) == (["store"], True, [10, 20], 3)
    assert "retrieval" in run.parse([]).rows
    assert "retrieval" not in run.parse(["--device", "cuda"]).rows
    assert run.parse(["-k", "blur"]).k == "blur"
    with pytest.raises(SystemExit):
        run.parse(["--passes", "0"])


def test_the_page_of_the_documentation_has_the_markers():
    text = (run.REPOSITORY / "docs" / "explanation" / "speed.md").read_text()
    assert text.count(page.BEGIN) == text.count(page.END) == 1
