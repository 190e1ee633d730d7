// One live line on a terminal; elsewhere a plain line whenever the text's essence changes.
const terminal = process.stdout.isTTY === true;
let shown = 0;
let last = "";

export function say(text) {
  clear();
  console.log(text);
}

// `detail` (a running clock, say) is shown on terminals and does not count as a change elsewhere.
export function progress(text, detail = "") {
  if (!terminal) {
    if (text !== last) console.log(text);
    last = text;
    return;
  }
  const line = `${text}${detail}`.slice(0, (process.stdout.columns || 80) - 1);
  process.stdout.write(`\r${line.padEnd(shown)}`);
  shown = line.length;
}

export function clear() {
  if (terminal && shown > 0) process.stdout.write(`\r${" ".repeat(shown)}\r`);
  shown = 0;
}

export function bar(done, total, width = 25) {
  const full = Math.floor((done * width) / total);
  return `[${"#".repeat(full)}${".".repeat(width - full)}] ${String(done).padStart(2)}/${total}`;
}

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

// Columns as wide as they need.
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  for (const row of rows) {
    say(row.map((cell, column) => String(cell).padEnd(widths[column])).join("  ").trimEnd());
  }
}
