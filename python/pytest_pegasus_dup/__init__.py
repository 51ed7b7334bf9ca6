"""A pytest plugin with embedded Pegasus meta servers as fixtures.

With them, scripts can be tested without a cluster.
``pegasus_meta`` is a server for a single test, and ``pegasus_meta_factory`` makes any number of
servers. ``pegasus_meta_module`` is a server for all tests of a module, and ``pegasus_meta_session``
is a server for the whole run. Both also have a factory.

pytest imports every installed plugin at its start, before plugins begin to measure coverage.
Therefore this is a separate package, which imports ``pegasus_dup`` when a test first needs a
server.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pegasus_dup import MetaGroup, MetaServer

__all__ = [
    "MetaFactory",
    "pegasus_meta",
    "pegasus_meta_factory",
    "pegasus_meta_factory_module",
    "pegasus_meta_factory_session",
    "pegasus_meta_module",
    "pegasus_meta_session",
]

_DEFAULTS: dict[str, Any] = {
    "tables": ("temp",),
    # Nothing is sent to this address, so no server needs to listen there.
    "remote_clusters": {"target": "127.0.0.1:35601"},
    # Tests should not wait long until a checkpoint is made.
    "clock": "fast",
}


class MetaFactory:
    """Makes embedded meta servers, each on a free port, and stops them at the end of its scope.

    The scope is the test, the module or the whole run, as the name of the fixture says.

    The arguments are those of ``MetaServer``. The defaults are the table ``temp``, the remote
    cluster ``target``, and a clock that runs 100 times as fast, even with an explicit
    ``generation``.
    """

    def __init__(self) -> None:
        self._running = ExitStack()

    def __call__(self, **settings: Any) -> MetaServer:
        """Start a server."""
        from pegasus_dup import MetaServer  # noqa: PLC0415 - see above

        return self._running.enter_context(MetaServer(**{**_DEFAULTS, **settings}))

    def group(self, servers: int = 3, **settings: Any) -> MetaGroup:
        """Start a group of servers, of which one leads."""
        from pegasus_dup import MetaGroup  # noqa: PLC0415 - see above

        return self._running.enter_context(MetaGroup(servers, **{**_DEFAULTS, **settings}))

    def stop(self) -> None:
        """Stop all servers."""
        self._running.close()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "pegasus_meta(**settings): the arguments of the server of the fixture pegasus_meta, such "
        "as tables, remote_clusters, generation, clock, partitions, faults; on a module "
        "(pytestmark) also those of the server of pegasus_meta_module",
    )


def _factory() -> Iterator[MetaFactory]:
    factory = MetaFactory()
    try:
        yield factory
    finally:
        factory.stop()


@pytest.fixture
def pegasus_meta_factory() -> Iterator[MetaFactory]:
    """Return a function that starts a server. Its arguments are those of MetaServer."""
    yield from _factory()


@pytest.fixture(scope="module")
def pegasus_meta_factory_module() -> Iterator[MetaFactory]:
    """Return a function that starts a server, which stops after the last test of the module."""
    yield from _factory()


@pytest.fixture(scope="session")
def pegasus_meta_factory_session() -> Iterator[MetaFactory]:
    """Return a function that starts a server, which stops at the end of the run."""
    yield from _factory()


def _settings(node: pytest.Item | pytest.Collector) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    # The closest marker comes first, and overrides the others.
    for marker in node.iter_markers("pegasus_meta"):
        if marker.args:
            pytest.fail("the marker pegasus_meta accepts only keyword arguments", pytrace=False)
        settings = {**marker.kwargs, **settings}
    return settings


@pytest.fixture
def pegasus_meta(request: pytest.FixtureRequest, pegasus_meta_factory: MetaFactory) -> MetaServer:
    """Start an embedded Pegasus meta server for this test alone. It listens at its ``address``.

    The server has the table ``temp`` and the remote cluster ``target``. The marker ``pegasus_meta``
    changes its settings.
    """
    return pegasus_meta_factory(**_settings(request.node))


@pytest.fixture(scope="module")
def pegasus_meta_module(
    request: pytest.FixtureRequest, pegasus_meta_factory_module: MetaFactory
) -> MetaServer:
    """Start an embedded Pegasus meta server for the tests of this module, which share its state.

    The server is like that of ``pegasus_meta``. A marker on the module changes its settings.
    """
    return pegasus_meta_factory_module(**_settings(request.node))


@pytest.fixture(scope="session")
def pegasus_meta_session(pegasus_meta_factory_session: MetaFactory) -> MetaServer:
    """Start an embedded Pegasus meta server for the whole run, whose tests share its state.

    The server is like that of ``pegasus_meta``. For other settings, define a fixture of this name
    in your conftest.py that calls ``pegasus_meta_factory_session``. With pytest-xdist, each worker
    has its own server.
    """
    return pegasus_meta_factory_session()
