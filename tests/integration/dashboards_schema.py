#!/usr/bin/python3
"""The dashboards are what Grafana's own published types (npm: @grafana/schema) say a dashboard is: the TypeScript compiler
reads each as a value of type Dashboard, and options and fields of panels as those of their panel type."""
import copy
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import ROOT, expect, run  # noqa: E402

PACKAGES = {"@grafana/schema": "13.2.3", "typescript": "7.0.2"}
FOLDER = ROOT / "build" / "grafana-schema"
PANEL_TYPES = "@grafana/schema/dist/esm/raw/composable"
HEAD = f"""
import type {{ Dashboard, DataQuery }} from "@grafana/schema";
import type {{ Options as GraphOptions, FieldConfig as GraphField }} from "{PANEL_TYPES}/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";
import type {{ Options as StatOptions }} from "{PANEL_TYPES}/stat/panelcfg/x/StatPanelCfg_types.gen";
// JSON has the text of an enumerator where TypeScript has its name.
type Json<T> = T extends string ? `${{T}}` : T extends (infer U)[] ? Json<U>[] : T extends object ? {{ [K in keyof T]: Json<T[K]> }} : T;
type Deep<T> = T extends object ? {{ [K in keyof T]?: Deep<T[K]> }} : T;
type Query = Json<DataQuery> & {{ expr: string; editorMode?: "code"; legendFormat?: string; range?: boolean; instant?: boolean; format?: "table" }};
"""


def install():
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "package.json").write_text(json.dumps({"private": True, "dependencies": PACKAGES}))
    for name, version in PACKAGES.items():
        manifest = FOLDER / "node_modules" / name / "package.json"
        if not manifest.exists() or json.loads(manifest.read_text())["version"] != version:
            subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--prefix", str(FOLDER)], check=True)


def as_typescript(dashboard):
    lines = [HEAD, f"export const dashboard: Json<Dashboard> = {json.dumps(dashboard, indent=1)};"]
    for number, panel in enumerate(dashboard["panels"]):
        for target in panel["targets"]:
            lines.append(f"export const query{number}{target['refId']}: Query = {json.dumps(target)};")
        if panel["type"] == "timeseries":
            lines.append(f"export const options{number}: Deep<Json<GraphOptions>> = {json.dumps(panel['options'])};")
            lines.append(f"export const field{number}: Json<GraphField> = {json.dumps(panel['fieldConfig']['defaults']['custom'])};")
        elif panel["type"] == "stat":
            lines.append(f"export const options{number}: Deep<Json<StatOptions>> = {json.dumps(panel['options'])};")
    return "\n".join(lines)


def compile_all(dashboards):
    for old in FOLDER.glob("*.ts"):
        old.unlink()
    for name, dashboard in dashboards.items():
        (FOLDER / f"{name}.ts").write_text(as_typescript(dashboard))
    return subprocess.run(["node_modules/.bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022",
                           *(f"{name}.ts" for name in dashboards)], cwd=FOLDER, capture_output=True, text=True)


def shipped():
    return {file.stem: json.loads(file.read_text()) for file in sorted((ROOT / "monitoring" / "grafana" / "dashboards").glob("*.json"))}


def dashboards_have_grafanas_types():
    install()
    dashboards = shipped()
    expect(len(dashboards) == 7, f"seven dashboards: {list(dashboards)}")
    done = compile_all(dashboards)
    expect(done.returncode == 0, done.stdout[:3000])


def wrong_dashboards_are_noticed():
    def broken(change):
        dashboard = copy.deepcopy(shipped()["overview"])
        change(dashboard, next(panel for panel in dashboard["panels"] if panel["type"] == "timeseries"))
        return dashboard
    wrong = {
        "unknown-member": broken(lambda dashboard, panel: dashboard.update(colour="red")),
        "place-is-text": broken(lambda dashboard, panel: panel["gridPos"].update(h="8")),
        "unknown-style": broken(lambda dashboard, panel: panel["fieldConfig"]["defaults"]["custom"].update(drawStyle="squiggle")),
        "unknown-legend": broken(lambda dashboard, panel: panel["options"]["legend"].update(placement="above")),
    }
    done = compile_all(wrong)
    for name in wrong:
        expect(f"{name}.ts" in done.stdout, f"{name} is refused:\n{done.stdout[:2000]}")


run([dashboards_have_grafanas_types, wrong_dashboards_are_noticed])
