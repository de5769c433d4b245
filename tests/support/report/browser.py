"""Debian's chromium, headless: what pages become in a real browser, and what axe-core says of them.

A browser takes seconds to start, so that one shows many pages, each in a frame of the width that its window should have.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

AXE = Path.home() / ".cache/company-activity/node/node_modules/axe-core/axe.min.js"
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--enable-logging=stderr", "--virtual-time-budget=60000"),
]
# Written into a copy of the page: what a reader sees, whether it scrolls sideways, what axe found.
LOOK = """
const told = {name: NAME, text: document.body.innerText, title: document.title, scripts: document.scripts.length,
              sideways: document.documentElement.scrollWidth - window.innerWidth, width: window.innerWidth,
              cut: [...document.querySelectorAll(".scroll:not(.sideways)")].filter(e => !e.closest("details") && e.scrollWidth > e.clientWidth)
                   .map(e => e.innerText.slice(0, 60)),
              charts: [...document.querySelectorAll("figure svg")].filter(e => e.getClientRects().length).length};
axe.run().then(found => {
  told.passes = found.passes.length;
  told.violations = found.violations.map(v => ({rule: v.id, impact: v.impact, at: v.nodes.map(n => n.html).slice(0, 3)}));
  parent.postMessage(told, "*");
});
"""
GATHER = """<script>
const told = [];
addEventListener("message", one => { told.push(one.data); document.getElementById("told").textContent = JSON.stringify(told); });
</script><pre id="told"></pre>"""


# What a reader finds of the companies to call, once the page's own script has run.
ASK = """
const told = {at: AT};
const said = () => document.getElementById("shown").textContent;
ACT
setTimeout(() => {
  told.said = said();
  told.shown = [...document.querySelectorAll("[data-f]")].filter(e => e.getClientRects().length).length;
  told.controls = [...document.querySelectorAll("select, input, button")].filter(e => e.getClientRects().length).length;
  parent.postMessage(told, "*");
}, 200);
"""


def frame(page: Path, width: int, fragment: str = "") -> str:
    address = escape(f"{page.as_uri()}#{fragment}" if fragment else page.as_uri())
    return f'<iframe src="{address}" width="{width}" height="900" style="border:0"></iframe>'


def chromium(page: Path) -> tuple[str, str]:
    """A page's DOM after it has loaded, and the browser's log; the test is skipped where there is no chromium."""
    ended = run_chromium(page.parent, "--dump-dom", page.as_uri())
    return ended.stdout, ended.stderr


def run_chromium(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The browser, headless, with a profile in a folder; the test is skipped where there is none."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not program:
        pytest.skip("NO CHROMIUM: the page is NOT looked at in a browser; install it with: apt-get install chromium")
    command = [program, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--window-size=1400,1000", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return ended


def consoles(pages: Mapping[str, str], folder: Path) -> dict[str, list[str]]:
    """What each page, as it is, writes to the console."""
    for name, page in pages.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    all_of_them = folder / "all.html"
    all_of_them.write_text("".join(frame(folder / f"{name}.html", 800) for name in pages), encoding="utf-8")
    _, log = chromium(all_of_them)
    lines = [line for line in log.splitlines() if "CONSOLE" in line]
    return {name: [line for line in lines if f"/{name}.html" in line or "source: file" not in line] for name in pages}


def look_at(pages: Mapping[tuple[str, int], str], folder: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """What a reader sees of each (name, width), and axe-core's findings; skipped where axe-core is not installed."""
    axe = Path(os.environ.get("AXE") or AXE)
    if not axe.exists():
        pytest.skip(f"NO AXE-CORE at {axe}: accessibility is NOT checked; install it with: make axe")
    shutil.copy(axe, folder / "axe.js")
    frames = [GATHER]
    for (name, width), page in pages.items():
        copy = folder / f"copy-{name}-{width}.html"
        scripts = f'<script src="axe.js"></script><script>{LOOK.replace("NAME", json.dumps(name))}</script>'
        copy.write_text(without_policy(page) + scripts, encoding="utf-8")
        frames.append(frame(copy, width))
    return {(one["name"], one["width"]): one for one in told_by(frames, folder)}


def with_fragments(page: str, fragments: Iterable[str], folder: Path, act: str = "") -> dict[str, dict[str, Any]]:
    """Which companies to call a page shows at each of its addresses; `act` is what a reader does there first."""
    frames = [GATHER]
    for number, fragment in enumerate(fragments):
        asking = ASK.replace("AT", json.dumps(fragment), 1).replace("ACT", act)
        copy = folder / f"asked-{number}.html"
        copy.write_text(without_policy(page) + f"<script>{asking}</script>", encoding="utf-8")
        frames.append(frame(copy, 1280, fragment))
    return {one["at"]: one for one in told_by(frames, folder)}


def printed_pages(page: str, fragment: str, folder: Path) -> int:
    """How many sheets a page takes on paper."""
    shown = folder / "printed.html"
    shown.write_text(page, encoding="utf-8")
    paper = folder / "printed.pdf"
    run_chromium(folder, f"--print-to-pdf={paper}", f"{shown.as_uri()}#{fragment}")
    return len(re.findall(rb"/Type /Page\b", paper.read_bytes()))


def without_policy(page: str) -> str:
    """A page that lets our scripts in."""
    return re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)


def told_by(frames: Iterable[str], folder: Path) -> list[dict[str, Any]]:
    """What the scripts in some frames tell."""
    (folder / "frames.html").write_text("<!doctype html>" + "".join(frames), encoding="utf-8")
    dom, log = chromium(folder / "frames.html")
    found = re.search(r'<pre id="told">(.+?)</pre>', dom, re.DOTALL)
    assert found, log[-2000:]
    told: list[dict[str, Any]] = json.loads(unescape(found[1]))
    return told
