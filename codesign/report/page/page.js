"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const column = Object.fromEntries(data.columns.map((c) => [c.name, c]));
  const count = data.frontier[data.columns[0].name].length;
  const rows = Array.from({ length: count }, (_, i) => i);
  const cloudNames = Object.keys(data.cloud);
  const cloudCount = cloudNames.length ? data.cloud[cloudNames[0]].length : 0;
  // Okabe and Ito; the order and the markers are those of frontier.pdf.
  const colours = ["#0072B2", "#E69F00", "#D55E00", "#56B4E9", "#009E73", "#CC79A7", "#000000", "#F0E442"];
  const symbols = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x", "hexagon"];
  const rest = "#888888";
  let selected = rows.map(() => true);

  // Plotly reads a little HTML in its labels; the study's texts are to be shown as they are.
  const safe = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  function shown(value) {
    if (value === null) return "none";
    if (typeof value !== "number") return safe(value);
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
  }
  function whole(row) {
    const line = (c) => safe(c.label) + ": <b>" + shown(data.frontier[c.name][row]) + "</b>";
    const of = (kinds) => data.columns.filter((c) => kinds.includes(c.kind)).map(line);
    return [...of(["parameter"]), ...of(["objective", "metric"]), ...of(["status"])].join("<br>");
  }
  const frontierTexts = rows.map(whole);

  const numbers = (source, name) => (source[name] || []).filter((v) => typeof v === "number");
  function spansDecades(values) {
    let low = Infinity, high = -Infinity;
    for (const v of values) { if (v < low) low = v; if (v > high) high = v; }
    return low > 0 && high / low > 100;
  }
  const wantsLog = (name) => spansDecades([...numbers(data.frontier, name), ...numbers(data.cloud, name)]);

  function place(a, b) {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a.localeCompare(b, "en", { numeric: true });
  }
  function groups(name) {
    if (!name) return [{ name: "frontier", rows, colour: colours[0], symbol: symbols[0] }];
    const members = new Map();
    data.frontier[name].forEach((value, row) => {
      if (!members.has(value)) members.set(value, []);
      members.get(value).push(row);
    });
    let kept = [...members.keys()].sort(place);
    const more = kept.length > colours.length;
    if (more) {
      kept = kept.slice().sort((a, b) => members.get(b).length - members.get(a).length).slice(0, colours.length - 1).sort(place);
    }
    const result = kept.map((value, i) => ({ name: shown(value), rows: members.get(value), colour: colours[i], symbol: symbols[i] }));
    if (more) {
      const others = [...members.keys()].filter((value) => !kept.includes(value));
      result.push({ name: others.length + " others", rows: others.flatMap((v) => members.get(v)), colour: rest, symbol: "circle" });
    }
    return result;
  }

  function option(select, value, text) {
    const element = document.createElement("option");
    element.value = value;
    element.textContent = text;
    select.append(element);
  }
  const controls = { x: byId("x"), y: byId("y"), colour: byId("colour"), logX: byId("log-x"), logY: byId("log-y"), cloud: byId("cloud") };
  for (const name of data.axes) {
    option(controls.x, name, column[name].label);
    option(controls.y, name, column[name].label);
  }
  option(controls.colour, "", "none");
  for (const c of data.columns) if (c.kind === "parameter" || c.kind === "status") option(controls.colour, c.name, c.label);
  controls.x.value = data.x;
  controls.y.value = data.y;
  controls.colour.value = data.colour || "";
  controls.logX.checked = wantsLog(data.x);
  controls.logY.checked = wantsLog(data.y);

  // The points that no other point beats in the two objectives shown, joined by the edge of what they dominate.
  function steps(x, y) {
    const aimX = data.objectives[x], aimY = data.objectives[y];
    if (!aimX || !aimY || x === y) return null;
    const signX = aimX === "minimize" ? 1 : -1, signY = aimY === "minimize" ? 1 : -1;
    const xs = data.frontier[x], ys = data.frontier[y];
    const order = rows.filter((i) => xs[i] !== null && ys[i] !== null)
      .sort((a, b) => signX * (xs[a] - xs[b]) || signY * (ys[a] - ys[b]));
    const front = [];
    let best = Infinity;
    for (const i of order) if (signY * ys[i] < best) { best = signY * ys[i]; front.push(i); }
    return { type: "scatter", mode: "lines", x: front.map((i) => xs[i]), y: front.map((i) => ys[i]), line: { shape: "hv", color: "#555", width: 1.2 },
      hoverinfo: "skip", showlegend: false };
  }
  const arrow = (name) => (column[name].direction ? (column[name].direction === "minimize" ? " ↓" : " ↑") : "");
  const font = { family: "system-ui, -apple-system, Segoe UI, Roboto, Liberation Sans, Arial, sans-serif", size: 13, color: "#1a1a1a" };
  const settings = { responsive: true, displaylogo: false, displayModeBar: window.innerWidth > 700,
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]] };
  let drawnGroups = [];

  function drawScatter() {
    const x = controls.x.value, y = controls.y.value, colour = controls.colour.value;
    const traces = [];
    if (controls.cloud.checked && cloudCount && x in data.cloud && y in data.cloud) {
      // Not under the pointer: in a dense cloud it would hide the frontier's designs from it.
      traces.push({ type: "scatter", mode: "markers", name: "evaluated", x: data.cloud[x], y: data.cloud[y], hoverinfo: "skip",
        marker: { color: "#c4c4c4", size: 4 } });
    }
    const line = steps(x, y);
    if (line) traces.push(line);
    drawnGroups = groups(colour);
    for (const group of drawnGroups) {
      traces.push({ type: "scatter", mode: "markers", name: group.name, x: group.rows.map((i) => data.frontier[x][i]), y: group.rows.map((i) => data.frontier[y][i]),
        text: group.rows.map((i) => frontierTexts[i]), customdata: group.rows, hovertemplate: "%{text}<extra></extra>",
        marker: { color: group.colour, symbol: group.symbol, size: 9, opacity: group.rows.map((i) => (selected[i] ? 1 : 0.12)), line: { color: "#202020", width: 0.7 } } });
    }
    const plain = (name) => { const n = numbers(data.frontier, name).map(Math.abs); return Math.min(...n) >= 1e-3 && Math.max(...n) < 1e6; };
    const axis = (name, log) => ({ title: { text: safe(column[name].label) + arrow(name) }, type: log ? "log" : "linear", zeroline: false,
      gridcolor: "#ececec", linecolor: "#888", ticks: "outside", exponentformat: plain(name) ? "none" : "power", separatethousands: true, dtick: log ? 1 : undefined, tickformat: log && plain(name) ? "~g" : undefined });
    Plotly.react("scatter", traces, { margin: { l: 64, r: 12, t: 12, b: 52 }, font, hovermode: "closest", plot_bgcolor: "#fff", paper_bgcolor: "#fff",
      hoverlabel: { align: "left", bgcolor: "#fff", font: { size: 12 } }, xaxis: { ...axis(x, controls.logX.checked), automargin: true }, yaxis: { ...axis(y, controls.logY.checked), automargin: true },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", title: { text: colour ? safe(column[colour].label) + "&nbsp; " : "" } }, showlegend: true }, settings);
  }

  // Parallel coordinates: one axis per varying parameter and per objective, then the other metrics as far as there is room.
  const MOST_AXES = 12;
  const named = [...data.varying, ...Object.keys(data.objectives)];
  const extra = data.axes.filter((name) => !named.includes(name) && column[name].kind === "metric");
  const axisNames = [...named, ...extra.slice(0, Math.max(0, MOST_AXES - named.length))];
  const scaleOf = {};

  function dimension(name) {
    const values = data.frontier[name];
    const label = column[name].label + arrow(name);
    const finite = values.filter((v) => typeof v === "number");
    if (!column[name].numeric || finite.length < values.length || new Set(finite).size <= 8) {
      const kinds = [...new Set(values)].sort(place);
      scaleOf[name] = values.map((v) => kinds.indexOf(v));
      return { label: safe(label), values: scaleOf[name], tickvals: kinds.map((_, i) => i), ticktext: kinds.map(shown), range: [-0.4, Math.max(kinds.length - 0.6, 0.4)] };
    }
    if (spansDecades(finite)) {
      scaleOf[name] = values.map((v) => Math.log10(v));
      const low = Math.floor(Math.min(...scaleOf[name])), high = Math.ceil(Math.max(...scaleOf[name]));
      const ticks = Array.from({ length: high - low + 1 }, (_, i) => low + i);
      return { label: safe(label), values: scaleOf[name], tickvals: ticks, ticktext: ticks.map((t) => (Math.abs(t) < 5 ? String(Number((10 ** t).toPrecision(1))) : "1e" + t)), range: [low, high] };
    }
    scaleOf[name] = values;
    return { label: safe(label), values };
  }
  function leftMargin(first) {
    const longest = Math.max(8, ...(first.ticktext || []).map((text) => text.length));
    return Math.min(220, 24 + 6.6 * longest);
  }
  function drawParallel() {
    const dimensions = axisNames.map(dimension);
    const grouping = groups(controls.colour.value);
    const code = new Array(count).fill(0);
    grouping.forEach((group, i) => group.rows.forEach((row) => { code[row] = i; }));
    const n = grouping.length;
    const scale = n === 1 ? [[0, grouping[0].colour], [1, grouping[0].colour]] : grouping.flatMap((g, i) => [[i / n, g.colour], [(i + 1) / n, g.colour]]);
    byId("parallel").style.minWidth = Math.max(320, axisNames.length * 92 + 120) + "px";
    Plotly.react("parallel", [{ type: "parcoords", dimensions, labelangle: -20, labelside: "top", line: { color: code, colorscale: scale, cmin: -0.5, cmax: n - 0.5, showscale: false },
      unselected: { line: { color: "#bbbbbb", opacity: 0.25 } }, labelfont: { size: 12 }, tickfont: { size: 11 }, rangefont: { size: 1, color: "rgba(0,0,0,0)" } }],
      { margin: { l: leftMargin(dimensions[0]), r: 50, t: 90, b: 16 }, font, paper_bgcolor: "#fff" }, { responsive: true, displayModeBar: false });
  }
  function readBrushes() {
    const dimensions = byId("parallel").data[0].dimensions;
    selected = rows.map((row) => dimensions.every((d, i) => {
      if (!d.constraintrange || !d.constraintrange.length) return true;
      const ranges = Array.isArray(d.constraintrange[0]) ? d.constraintrange : [d.constraintrange];
      const value = scaleOf[axisNames[i]][row];
      return ranges.some(([low, high]) => value >= low && value <= high);
    }));
    showSelection();
  }
  function showSelection() {
    const kept = selected.filter(Boolean).length;
    byId("selected").textContent = kept < count ? kept + " of " + count + " designs kept." : "";
    byId("clear").hidden = kept === count;
    for (const tr of document.querySelectorAll("#designs tbody tr")) tr.classList.toggle("faded", !selected[Number(tr.dataset.row)]);
    const first = byId("scatter").data.length - drawnGroups.length;
    drawnGroups.forEach((group, i) => Plotly.restyle("scatter", { "marker.opacity": [group.rows.map((row) => (selected[row] ? 1 : 0.12))] }, [first + i]));
  }

  function sortBy(th) {
    const index = [...th.parentNode.children].indexOf(th);
    const up = th.getAttribute("aria-sort") !== "ascending";
    const number = th.classList.contains("number");
    const key = (tr) => tr.children[index].dataset.value;
    const body = document.querySelector("#designs tbody");
    const ordered = [...body.rows].sort((a, b) => {
      const p = key(a), q = key(b);
      if (p === "" || q === "") return (p === "") - (q === "");
      const d = number ? Number(p) - Number(q) : p.localeCompare(q, "en", { numeric: true });
      return (up ? d : -d) || Number(a.dataset.row) - Number(b.dataset.row);
    });
    for (const other of th.parentNode.children) other.setAttribute("aria-sort", "none");
    th.setAttribute("aria-sort", up ? "ascending" : "descending");
    body.append(...ordered);
  }

  controls.x.addEventListener("change", () => { controls.logX.checked = wantsLog(controls.x.value); drawScatter(); });
  controls.y.addEventListener("change", () => { controls.logY.checked = wantsLog(controls.y.value); drawScatter(); });
  controls.colour.addEventListener("change", drawScatter);
  for (const box of [controls.logX, controls.logY, controls.cloud]) box.addEventListener("change", drawScatter);
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  for (const th of document.querySelectorAll("#designs th")) th.querySelector("button").addEventListener("click", () => sortBy(th));
  drawScatter();
  if (byId("parallel")) {
    drawParallel();
    byId("parallel").on("plotly_restyle", readBrushes);
    byId("clear").addEventListener("click", () => {
      Plotly.restyle("parallel", Object.fromEntries(axisNames.map((_, i) => ["dimensions[" + i + "].constraintrange", null])));
    });
    controls.colour.addEventListener("change", () => { selected = rows.map(() => true); drawParallel(); showSelection(); });
  }
  byId("scatter").on("plotly_click", (event) => {
    const row = event.points[0].customdata;
    if (row === undefined) return;
    for (const tr of document.querySelectorAll("#designs tr.found")) tr.classList.remove("found");
    const tr = document.querySelector('#designs tr[data-row="' + row + '"]');
    if (tr) { tr.classList.add("found"); tr.scrollIntoView({ block: "center" }); }
  });
})();
