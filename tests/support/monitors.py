"""A real Prometheus and a real Alertmanager with the shipped configuration, watching a test cluster.

Replaced are targets, intervals and waiting times (`for:`, group_wait); nothing else.
"""
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request

from cluster import ROOT, Failure, expect, wait_until
from ports import free_port

MONITORING = ROOT / "monitoring"
ROLES = ("gateway", "broker", "scheduler", "worker")


def get(url, **query):
    full = url + ("?" + urllib.parse.urlencode(query) if query else "")
    try:
        with urllib.request.urlopen(full, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Failure(f"{full}: {error.code} {error.read().decode(errors='replace')[:500]}") from error


def said(command, **more):
    """What a checking tool says; it must be content."""
    done = subprocess.run(command, capture_output=True, text=True, **more)
    expect(done.returncode == 0, f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Webhook:
    """Where Alertmanager delivers."""

    def __init__(self):
        self.received = []  # (alertname, labels, status, annotations)
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                for alert in body["alerts"]:
                    owner.received.append((alert["labels"]["alertname"], alert["labels"], alert["status"], alert["annotations"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def last(self, name, **labels):
        """The newest delivery about this alert: its status and annotations."""
        for found, has, status, annotations in reversed(self.received):
            if found == name and all(has.get(key) == value for key, value in labels.items()):
                return status, annotations
        return None, None

    def await_status(self, status, name, seconds=60, **labels):
        wait_until(lambda: self.last(name, **labels)[0] == status, seconds, f"{name} {labels} {status} at the webhook")
        return self.last(name, **labels)[1]


class Prometheus:
    """What a running one answers."""

    def __init__(self, url):
        self.url = url

    def query(self, expression):
        """An instant vector as (labels, number) pairs."""
        data = get(self.url + "/api/v1/query", query=expression)["data"]
        if data["resultType"] == "scalar":
            return [({}, float(data["result"][1]))]
        return [(series["metric"], float(series["value"][1])) for series in data["result"]]

    def query_range(self, expression, start, end, step):
        data = get(self.url + "/api/v1/query_range", query=expression, start=start, end=end, step=step)["data"]
        return [(series["metric"], [(float(at), float(value)) for at, value in series["values"]]) for series in data["result"]]

    def alerts(self, *states):
        """What is pending or firing, or only in these states: (alert, instance) pairs."""
        return {(alert["labels"]["alertname"], alert["labels"].get("instance")) for alert in get(self.url + "/api/v1/alerts")["data"]["alerts"]
                if not states or alert["state"] in states}

    def firing(self):
        return {name for name, _ in self.alerts("firing")}

    def troubles(self):
        """Scrapes and rules that went wrong."""
        found = [f"{t['scrapePool']} {t['scrapeUrl']}: {t['lastError']}" for t in get(self.url + "/api/v1/targets")["data"]["activeTargets"] if t["health"] != "up"]
        for group in get(self.url + "/api/v1/rules")["data"]["groups"]:
            found += [f"{rule['name']}: {rule['health']} {rule.get('lastError', '')}" for rule in group["rules"] if rule["health"] != "ok"]
        return found


class Monitors(Prometheus):
    def __init__(self, folder, interval="1s"):
        self.folder = pathlib.Path(folder)
        self.interval = interval
        self.webhook = Webhook()
        self.port, self.alerts_port = free_port(), free_port()
        super().__init__(f"http://127.0.0.1:{self.port}")
        self.processes = []

    def write(self, targets, alert_at_once=True):
        """`targets`: addresses by role."""
        config = (MONITORING / "prometheus" / "prometheus.yml").read_text()
        config, without_dns = re.subn(r"    dns_sd_configs:\n(?:      .*\n)+?(?=\n|\Z)", "", config + "\n")
        expect(without_dns == 1, "workers can be found by DNS")
        config = re.sub(r"(scrape_interval|scrape_timeout|evaluation_interval): \w+", rf"\1: {self.interval}", config)
        (self.folder / "prometheus.yml").write_text(config)
        rules = self.folder / "rules"
        rules.mkdir()
        for file in (MONITORING / "prometheus" / "rules").glob("*.yml"):
            text = file.read_text()
            (rules / file.name).write_text(re.sub(r"for: \w+", "for: 0s", text) if alert_at_once else text)
        (self.folder / "targets").mkdir()
        (self.folder / "targets" / "alertmanager.yml").write_text(f'- targets: ["127.0.0.1:{self.alerts_port}"]\n')
        self.aim(targets)
        alerts = (MONITORING / "alertmanager" / "alertmanager.yml").read_text()
        alerts, replaced = re.subn(r"http://127.0.0.1:9095/alerts", f"http://127.0.0.1:{self.webhook.port}/", alerts)
        expect(replaced == 1, "the example delivers to one webhook")
        alerts = re.sub(r"(group_wait|group_interval): \w+", rf"\1: {self.interval}", alerts)
        (self.folder / "alertmanager.yml").write_text(alerts)

    def aim(self, targets):
        expect(set(targets) == set(ROLES), f"targets of every role: {targets}")
        for role, addresses in targets.items():
            (self.folder / "targets" / f"{role}.yml").write_text(f"- targets: {json.dumps(addresses)}\n")

    def start(self):
        self.run("prometheus-alertmanager", "--config.file=alertmanager.yml", "--storage.path=alertmanager-data", "--cluster.listen-address=",
                 f"--web.listen-address=127.0.0.1:{self.alerts_port}")
        self.run("prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=prometheus-data", f"--web.listen-address=127.0.0.1:{self.port}")

        def ready(url):
            try:
                with urllib.request.urlopen(url + "/-/ready", timeout=5) as answer:
                    return answer.status == 200
            except OSError:
                return False
        for name, url in (("Prometheus", self.url), ("Alertmanager", f"http://127.0.0.1:{self.alerts_port}")):
            wait_until(lambda: ready(url), 60, f"{name} ready")

    def run(self, program, *words):
        with open(self.folder / f"{program}.log", "wb") as log:
            self.processes.append(subprocess.Popen([program, *words], cwd=self.folder, stdout=log, stderr=log))

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(30)
        self.webhook.server.shutdown()


def panels():
    """(dashboard, panel, query) of everything that the dashboards ask."""
    for file in sorted((MONITORING / "grafana" / "dashboards").glob("*.json")):
        dashboard = json.loads(file.read_text())
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                yield file.stem, panel["title"], target["expr"]


def missing_programs():
    return [name for name in ("prometheus", "promtool", "prometheus-alertmanager") if shutil.which(name) is None]
