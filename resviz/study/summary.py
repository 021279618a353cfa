"""A benchmark's report in words and as a table, losses included."""

from __future__ import annotations

from resviz.study.benchmark import OURS, Report, StepResult
from resviz.study.peers import Sizes

__all__ = ["table"]


def table(report: Report) -> str:
    """Markdown: the machine, steps against peers and roofline, the rest of the engine, the window."""
    lines = [", ".join(f"{key} {value}" for key, value in report.machine.items()) + ".", ""]
    if report.roofline is not None:
        r = report.roofline
        lines += [
            f"Copying {r.copy / 1e9:.0f} GB/s; matrix products {r.gemm / 1e9:.0f} GFLOP/s on one thread "
            f"({r.library}), {r.gemm_all / 1e9:.0f} on all.",
            "",
        ]
    for device in dict.fromkeys(step.device for step in report.steps):
        if device != "cpu" and report.card is not None:
            lines += [
                "",
                f"{device}: copying {report.card.copy / 1e12:.2f} TB/s; matrix products "
                f"{report.card.gemm / 1e12:.0f} TFLOP/s (float32, without tf32).",
                "",
            ]
        lines += _steps([step for step in report.steps if step.device == device])
    if report.engine:
        lines += ["", "| other work | median | quartiles |", "| --- | --- | --- |"]
        lines += [
            f"| {name} | {1e3 * t.median:.3g} ms | {1e3 * t.low:.3g}-{1e3 * t.high:.3g} |"
            for name, t in report.engine.items()
        ]
    if report.recording_overhead is not None:
        lines += ["", f"Recording every step costs {100 * report.recording_overhead:.1f} % of bare training."]
    if report.memory:
        m = report.memory
        lines += [
            "",
            f"Memory at L x M = 1000x1000: training {m['training'] / 1e6:.0f} MB at its peak, "
            f"{m['over units']:.2f} times (U, V), {m['over bound']:.2f} times the bound; "
            f"drawing the units {m['drawing'] / 1e6:.0f} MB.",
        ]
    if report.growth:
        units, seconds = zip(*report.growth, strict=True)
        each = [1e9 * s / u for u, s in report.growth]
        lines += [
            "",
            f"Growth: {each[0]:.3g} ns a unit and step at {units[0]:.0e} units, {each[-1]:.3g} ns at "
            f"{units[-1]:.0e} ({seconds[-1]:.3g} s a step); least {min(each):.3g}, most {max(each):.3g} ns.",
        ]
    lines += _window(report)
    return "\n".join(lines) + "\n"


def _steps(steps: list[StepResult]) -> list[str]:
    names = list(dict.fromkeys(name for step in steps for name in step.timings if name != OURS))
    whose = "one thread's" if steps[0].device == "cpu" else "the card's"
    head = ["L x M (D = N = 10)", "resviz", *names, "GFLOP/s", f"of {whose} bound"]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for step in steps:
        ours = step.timings[OURS]
        cells = [str(Sizes(*step.sizes)), f"{1e3 * ours.median:.3g} ms"]
        for name in names:
            peer = step.timings.get(name)
            cells.append("-" if peer is None else f"{1e3 * peer.median:.3g} ms ({step.ratios[name]:.1f}x)")
        cells += [f"{step.flops / ours.median / 1e9:.0f}", f"{100 * step.bound / ours.median:.0f} %"]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _window(report: Report) -> list[str]:
    if not report.window:
        return []
    lines = ["", "| window | value |", "| --- | --- |"]
    for name, value in report.window.items():
        lines.append(f"| {name} | {value:.3g} |" if isinstance(value, float) else f"| {name} | {value} |")
    return lines
