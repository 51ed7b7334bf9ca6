"""The pytest plugin works in the test suites of other projects."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples/pytest"

SUITE = """
    import pytest
    from pegasus_dup import Client, Created

    @pytest.mark.parametrize("number", range(8))
    def test_own_server(pegasus_meta, number):
        with Client(pegasus_meta.address) as client:
            assert client.query("temp") == []
            assert isinstance(client.add("temp", "target"), Created)
"""


@pytest.fixture(autouse=True)
def _settings(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\naddopts = -W error --strict-markers\n")


def test_a_server_for_each_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    pytester.runpytest_subprocess().assert_outcomes(passed=8)


def test_xdist(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    result = pytester.runpytest_subprocess("-n", "3")
    result.assert_outcomes(passed=8)
    result.stdout.fnmatch_lines(["*3 workers*"])


def test_the_example_suite(pytester: pytest.Pytester) -> None:
    for source in EXAMPLES.glob("*.py"):
        (pytester.path / source.name).write_text(source.read_text())
    pytester.runpytest_subprocess().assert_outcomes(passed=9)


def test_the_example_script(pytester: pytest.Pytester) -> None:
    script = EXAMPLES / "ensure_duplications.py"
    pytester.makepyfile(
        f"""
        import subprocess, sys

        def test_script(pegasus_meta):
            command = [sys.executable, {str(script)!r}, pegasus_meta.address, "temp=target"]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            assert done.stdout == "temp: created\\n"
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_markers_add_up(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from pegasus_dup import Client

        pytestmark = pytest.mark.pegasus_meta(tables=["a"], cluster_name="here")

        @pytest.mark.pegasus_meta(tables=["b"])
        def test_closest_wins(pegasus_meta):
            with Client(pegasus_meta.address) as client:
                assert client.query("b") == []

        @pytest.mark.pegasus_meta("b")
        def test_positional(pegasus_meta):
            pass

        @pytest.mark.pegasus_meta(table=["b"])
        def test_unknown_setting(pegasus_meta):
            pass
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["*accepts only keyword arguments*", "*TypeError*'table'*"])


def test_servers_end_with_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os
        from pegasus_dup import Client, Unavailable
        import pytest

        addresses = []
        threads = []

        def test_makes_some(pegasus_meta_factory):
            addresses.append(pegasus_meta_factory(tables=["x"]).address)
            addresses.append(pegasus_meta_factory(faults=["add=refuse:ERR_BUSY"]).address)
            addresses.extend(pegasus_meta_factory.group(2).addresses)
            assert len(set(addresses)) == 4
            threads.append(len(os.listdir("/proc/self/task")))

        def test_all_are_gone():
            for address in addresses:
                with Client(address) as client, pytest.raises(Unavailable):
                    client.query("temp")
            assert len(os.listdir("/proc/self/task")) < threads[0]
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_a_server_for_a_module_and_for_the_run(pytester: pytest.Pytester) -> None:
    module = """
        import pytest
        from pegasus_dup import AlreadyExists, Client, Created

        pytestmark = pytest.mark.pegasus_meta(tables=["own", "temp"])

        @pytest.mark.parametrize("expected", [Created, AlreadyExists])
        def test_of_the_module(pegasus_meta_module, expected):
            with Client(pegasus_meta_module.address) as client:
                assert isinstance(client.add("own", "target"), expected)

        def test_of_the_run(pegasus_meta_session, seen, pegasus_meta, pegasus_meta_module):
            seen.add(pegasus_meta_session.address)
            assert len(seen) == 1
            servers = (pegasus_meta_session, pegasus_meta, pegasus_meta_module)
            assert len({server.address for server in servers}) == 3
            with Client(pegasus_meta_session.address) as client:
                client.add("temp", "target")
                assert len(client.list()) == 1
    """
    pytester.makepyfile(
        conftest="""
        import pytest

        @pytest.fixture(scope="session")
        def seen():
            return set()
        """,
        test_one=module,
        test_other=module,
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=6)
    # Each worker has a server of its own, and a module stays with one worker.
    result = pytester.runpytest_subprocess("-n", "2", "--dist", "loadfile")
    result.assert_outcomes(passed=6)


def test_another_server_for_the_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        conftest="""
        import pytest

        @pytest.fixture(scope="session")
        def pegasus_meta_session(pegasus_meta_factory_session):
            return pegasus_meta_factory_session(tables=["mine"])
        """,
        test_it="""
        from pegasus_dup import Client

        def test_it(pegasus_meta_session):
            with Client(pegasus_meta_session.address) as client:
                assert client.query("mine") == []
        """,
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_servers_end_with_their_module_and_their_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        conftest="""
        import socket
        import pytest

        seen = {}

        def is_gone(address):
            host, port = address.split(":")
            with socket.socket() as connection:
                return connection.connect_ex((host, int(port))) != 0

        @pytest.fixture
        def of():
            return seen

        @pytest.fixture
        def gone():
            return is_gone

        def pytest_unconfigure():
            assert is_gone(seen["session"])
            print("the run's server is gone")
        """,
        test_a="""
        def test_makes_them(of, pegasus_meta_module, pegasus_meta_session,
                            pegasus_meta_factory_module):
            of["module"] = pegasus_meta_module.address
            of["made"] = pegasus_meta_factory_module().address
            of["session"] = pegasus_meta_session.address

        def test_they_are_there(of, gone):
            assert not any(gone(address) for address in of.values())
        """,
        test_b="""
        def test_the_modules_are_gone(of, gone):
            assert gone(of["module"])
            assert gone(of["made"])
            assert not gone(of["session"])
        """,
    )
    result = pytester.runpytest_subprocess("-s")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["the run's server is gone"])


def test_the_package_is_imported_only_when_asked_for(pytester: pytest.Pytester) -> None:
    # If the plugin imported the package, coverage would start to measure it too late.
    pytester.makepyfile(
        """
        import sys

        def test_not_imported():
            assert "pytest_pegasus_dup" in sys.modules
            assert not [name for name in sys.modules if name.startswith("pegasus_dup")]

        def test_imported(pegasus_meta):
            assert "pegasus_dup" in sys.modules
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_importing_it_is_cheap() -> None:
    program = (
        "import sys, pytest; before = set(sys.modules); import pytest_pegasus_dup;"
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "['pytest_pegasus_dup']\n"


def test_help_tells_of_it(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--fixtures", "--markers")
    result.stdout.fnmatch_lines(["*pegasus_meta(?*settings)*"])
    fixtures = pytester.runpytest_subprocess("--fixtures")
    fixtures.stdout.fnmatch_lines_random(
        [
            "pegasus_meta --*",
            "pegasus_meta_factory --*",
            "pegasus_meta_factory_module ?module scope?*",
            "pegasus_meta_factory_session ?session scope?*",
            "pegasus_meta_module ?module scope?*",
            "pegasus_meta_session ?session scope?*",
        ]
    )
