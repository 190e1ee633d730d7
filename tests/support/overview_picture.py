"""Draws the Overview as an SVG: the panels of monitoring/grafana/dashboards/overview.json with what a live Prometheus
answers to their queries. No Grafana takes part; the picture says so."""
import json
import math
import re
from xml.sax.saxutils import escape

from monitors import MONITORING

WIDTH, MARGIN, GAP, HEAD = 1280, 16, 8, 46
ROW = 25  # pixels of one unit of gridPos
PAGE, CARD, LINE, TEXT, SOFT = "#111217", "#181b1f", "#2c3038", "#d8d9da", "#8e9199"
COLOURS = ["#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff", "#ffa6b0"]
GOOD, BAD = "#73bf69", "#f2495c"
FONT = "Inter,'DejaVu Sans',Helvetica,Arial,sans-serif"
POINTS = 120
RATE_INTERVAL = "20s"


def text(x, y, words, size=12, colour=TEXT, anchor="start", weight="normal"):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}">{escape(str(words))}</text>'


def number(value, unit):
    if unit == "percentunit":
        return f"{value * 100:.1f}%" if 0 < value < 0.1 else f"{value * 100:.0f}%"
    if unit == "s":
        for factor, name in ((1e-6, "µs"), (1e-3, "ms"), (1, "s")):
            if value < factor * 1000 or name == "s":
                return f"{value / factor:.3g} {name}" if value else "0 s"
    if value >= 1000:
        return f"{value / 1000:.3g}k"
    return f"{value:.3g}"


def axis_top(highest):
    """A round number at or above, and the step of four to six lines."""
    if highest <= 0:
        return 1.0, 0.25
    power = 10 ** math.floor(math.log10(highest))
    for step in (0.1, 0.2, 0.25, 0.5, 1, 2, 2.5):
        if highest <= step * power * 5:
            return math.ceil(highest / (step * power) - 1e-9) * step * power, step * power
    return highest, highest / 4


def named(legend, labels):
    return re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match.group(1), ""), legend) or "value"


def series_of(panel, monitors, start, end):
    step = (end - start) / POINTS
    found = []
    for target in panel["targets"]:
        query = target["expr"].replace("$__rate_interval", RATE_INTERVAL)
        for labels, points in monitors.query_range(query, start, end, step):
            values = {round((at - start) / step): value for at, value in points if not math.isnan(value) and not math.isinf(value)}
            found.append((named(target["legendFormat"], labels), [values.get(index) for index in range(POINTS + 1)]))
    order = [name for name, _ in found]
    return sorted(found, key=lambda entry: (order.index(entry[0]) if len(panel["targets"]) > 1 else 0, entry[0]))


def stacked(series):
    total = [0.0] * (POINTS + 1)
    layers = []
    for name, values in series:
        lower, total = total, [below + (value or 0) for below, value in zip(total, values)]
        layers.append((name, lower, total))
    return layers


def runs(values):
    """Stretches without holes, as lists of indexes."""
    stretch = []
    for index, value in enumerate(values):
        if value is not None:
            stretch.append(index)
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def graph(panel, rectangle, monitors, start, end):
    x, y, w, h = rectangle
    unit = panel["fieldConfig"]["defaults"]["unit"]
    series = series_of(panel, monitors, start, end)
    is_stack = panel["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "normal"
    layers = stacked(series) if is_stack else [(name, None, values) for name, values in series]
    top, step = axis_top(max((value for _, _, values in layers for value in values if value is not None), default=0) * 1.02)
    left, right, upper, lower = x + 58, x + w - 14, y + 34, y + h - 46
    out = [f'<g>{text(x + 14, y + 21, panel["title"], 13, weight="600")}']
    level = 0.0
    while level <= top + step / 2:
        at = lower - (lower - upper) * level / top
        out.append(f'<line x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}" stroke="{LINE}"/>')
        out.append(text(left - 7, at + 4, number(level, unit), 11, SOFT, "end"))
        level += step
    for second in range(0, int(end - start) + 1, 30):
        at = left + (right - left) * second / (end - start)
        out.append(text(at, lower + 16, f"{second // 60}:{second % 60:02d}", 11, SOFT, "middle"))

    def place(index, value):
        return f"{left + (right - left) * index / POINTS:.1f},{lower - (lower - upper) * min(value, top) / top:.1f}"
    for number_of, (name, below, values) in enumerate(layers):
        colour = COLOURS[number_of % len(COLOURS)]
        for stretch in runs(values):
            line = " ".join(place(index, values[index]) for index in stretch)
            floor = [place(index, below[index] if below else 0) for index in reversed(stretch)]
            out.append(f'<polygon points="{line} {" ".join(floor)}" fill="{colour}" opacity="{0.45 if is_stack else 0.1}"/>')
            out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="{1.2 if is_stack else 2}" stroke-linejoin="round"/>')
    at = x + 16
    for number_of, (name, _, _) in enumerate(layers):
        out.append(f'<rect x="{at}" y="{y + h - 17}" width="14" height="3" rx="1.5" fill="{COLOURS[number_of % len(COLOURS)]}"/>')
        out.append(text(at + 20, y + h - 12, name, 11, TEXT))
        at += 34 + 6.6 * len(name)
    return "".join(out) + "</g>"


def stat(panel, rectangle, monitors):
    x, y, w, h = rectangle
    defaults = panel["fieldConfig"]["defaults"]
    found = [value for _, value in monitors.query(panel["targets"][0]["expr"]) if not math.isnan(value)]
    shown = number(found[0], defaults["unit"]) if found else "no data"
    steps = defaults["thresholds"]["steps"]
    bad = bool(found) and len(steps) > 1 and found[0] >= steps[1]["value"]
    return text(x + w / 2, y + 22, panel["title"], 11.5, SOFT, "middle") + text(x + w / 2, y + h - 24, shown, 34, BAD if bad else GOOD, "middle", "600")


def draw(monitors, file, start, end):
    dashboard = json.loads((MONITORING / "grafana" / "dashboards" / "overview.json").read_text())
    column = (WIDTH - 2 * MARGIN + GAP) / 24
    parts, bottom = [], 0
    for panel in dashboard["panels"]:
        grid = panel["gridPos"]
        x, y = MARGIN + grid["x"] * column, HEAD + MARGIN + grid["y"] * ROW
        w, h = grid["w"] * column - GAP, grid["h"] * ROW - GAP
        parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="4" fill="{CARD}" stroke="{LINE}"/>')
        rectangle = (x, y, w, h)
        parts.append(stat(panel, rectangle, monitors) if panel["type"] == "stat" else graph(panel, rectangle, monitors, start, end))
        bottom = max(bottom, y + h)
    note = "Panels of monitoring/grafana/dashboards/overview.json, answered by Prometheus for a live `windlass dev`; drawn by tests/support/overview_picture.py"
    height = bottom + 34
    head = text(MARGIN + 2, 38, dashboard["title"].replace(": ", " / "), 20, weight="600")
    with open(file, "w") as out:
        out.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" font-family="{FONT}">'
                  f'<rect width="{WIDTH}" height="{height:.0f}" fill="{PAGE}"/>{head}{"".join(parts)}'
                  f'{text(MARGIN + 2, height - 12, note, 11, SOFT)}</svg>\n')
