"""The sample API on a real socket, and its command line."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from api_server import SampleApi
from usage_pages import item_texts, page

KEY = {"Authorization": "Bearer sample-key"}
DATE = "2025-11-17"


@pytest.fixture(scope="module")
def api() -> Iterator[SampleApi]:
    with SampleApi() as api:
        yield api


def get(api: SampleApi, **params: str | int) -> requests.Response:
    return requests.get(api.url, params=params, headers=KEY, timeout=10)


def run(samples: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(samples / "api_server.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_paging_returns_every_item_once_and_in_order(api: SampleApi, samples: Path) -> None:
    items: list[object] = []
    number = 1
    with requests.Session() as session:  # one connection, kept
        while number:
            asked: dict[str, str | int] = {"date": DATE, "page": number, "per_page": 7}
            answer = session.get(api.url, params=asked, headers=KEY, timeout=10).json()
            assert len(answer["items"]) == 7 or answer["next_page"] is None
            items, number = items + answer["items"], answer["next_page"]
    assert items == json.loads((samples / f"usage/{DATE}.json").read_text())["items"]


def test_an_item_is_passed_on_as_the_text_it_is(tmp_path: Path) -> None:
    text = '{"events":1e2, "plan": "gr\\u00f6ßer]" }'
    (tmp_path / f"{DATE}.json").write_text(f'{{"items": [ {text} ,\n[1, {{}}]], "next_page": null}}', encoding="utf-8")
    with SampleApi(tmp_path) as api:
        assert get(api, date=DATE).text == f'{{"items": [{text}, [1, {{}}]], "next_page": null}}'


def test_a_date_without_use_is_one_empty_page() -> None:
    assert item_texts('{"items": []}') == []


def test_a_page_size_above_the_cap_is_the_cap(tmp_path: Path) -> None:
    (tmp_path / f"{DATE}.json").write_text(json.dumps({"items": [0] * 10_001}))
    answer = json.loads(page(tmp_path, f"date={DATE}&per_page=999999"))
    assert (len(answer["items"]), answer["next_page"]) == (10_000, 2)


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "sample-key"}])
def test_without_the_key_there_is_nothing(api: SampleApi, header: dict[str, str]) -> None:
    answer = requests.get(api.url, params={"date": DATE}, headers=header, timeout=10)
    assert (answer.status_code, list(answer.json())) == (401, ["error"])


def test_an_unknown_date_is_told_what_the_sample_covers(api: SampleApi) -> None:
    answer = get(api, date="2026-01-01")
    assert answer.status_code == 404
    assert answer.json() == {
        "error": "no usage of 2026-01-01: the sample covers 2025-08-26 to 2025-11-23",
        "first_date": "2025-08-26",
        "last_date": "2025-11-23",
    }


@pytest.mark.parametrize(
    "query",
    ["", "date=yesterday", "date=2025-02-30", "date=../crm", f"date={DATE}&date={DATE}"]
    + [f"date={DATE}&{wrong}" for wrong in ("page=0", "page=-1", "page=x", "page=", "per_page=0", "per_page=1.5")],
)
def test_a_bad_parameter_is_refused(api: SampleApi, query: str) -> None:
    answer = requests.get(f"{api.url}?{query}", headers=KEY, timeout=10)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_a_file_that_is_not_usage_is_the_server_s_fault(tmp_path: Path) -> None:
    (tmp_path / f"{DATE}.json").write_text('{"items": [')
    with SampleApi(tmp_path) as api:
        assert get(api, date=DATE).status_code == 500


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip", "gzip"), ("identity", None), ("gzip;q=0", None)])
def test_the_answer_is_compressed_for_those_who_take_it(
    api: SampleApi, samples: Path, accepted: str, encoding: str | None
) -> None:
    answer = requests.get(api.url, params={"date": DATE}, headers=KEY | {"Accept-Encoding": accepted}, timeout=10)
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.json()["items"] == json.loads((samples / f"usage/{DATE}.json").read_text())["items"]


def test_a_stopped_server_does_not_answer_on_kept_connections() -> None:
    with requests.Session() as session:
        with SampleApi() as api:
            assert session.get(api.url, params={"date": DATE}, headers=KEY, timeout=10).ok
        with pytest.raises(requests.ConnectionError):
            session.get(api.url, params={"date": DATE}, headers=KEY, timeout=10)


def test_a_port_in_use_is_one_line_and_exit_2(samples: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run(samples, "--port", str(port))
    assert ended.returncode == 2
    assert ended.stderr == (
        f"api_server: cannot listen on 127.0.0.1:{port}: Address already in use; "
        "free it, or take another with --port 0\n"
    )


def test_a_folder_without_usage_is_one_line_and_exit_2(samples: Path, tmp_path: Path) -> None:
    ended = run(samples, "--data", str(tmp_path))
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)


FETCH = f"""
import sys, urllib.request
url = "http://127.0.0.1:{{port}}/usage?date={DATE}&per_page=1"
urllib.request.urlopen(urllib.request.Request(url, headers={KEY}))
print("fetched")
sys.exit(7)
"""


def test_while_a_command_runs_it_is_served_and_its_exit_code_is_passed_on(samples: Path) -> None:
    ended = run(samples, "--port", "0", "--while", sys.executable, "-c", FETCH)
    assert (ended.returncode, ended.stdout) == (7, "fetched\n")
    assert ended.stderr.startswith("Sample usage API: http://127.0.0.1:")


def test_a_command_ended_by_a_signal_gives_128_and_the_signal(samples: Path) -> None:
    kill = f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})"
    assert run(samples, "--port", "0", "--while", sys.executable, "-c", kill).returncode == 128 + signal.SIGKILL


def test_a_command_that_does_not_exist_is_127(samples: Path) -> None:
    ended = run(samples, "--port", "0", "--while", "no-such-command")
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (
        127,
        "api_server: cannot start no-such-command: No such file or directory",
    )


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_without_a_command_it_serves_until_it_is_told_to_stop(samples: Path, sent: signal.Signals) -> None:
    command = [sys.executable, str(samples / "api_server.py"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        url = server.stdout.readline().split()[3]
        assert requests.get(url, params={"date": DATE}, headers=KEY, timeout=10).ok
        server.send_signal(sent)
        assert server.wait(10) == 0
