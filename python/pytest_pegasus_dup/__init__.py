"""A pytest plugin: embedded Pegasus meta servers as fixtures, to test scripts without a cluster.

``pegasus_meta`` is one server, a test its own; ``pegasus_meta_factory`` makes any number of them.
``pegasus_meta_module`` is one server for all tests of a module, ``pegasus_meta_session`` for the
whole run; each has a factory, too.

pytest imports every installed plugin at its start, before those that measure coverage of what is
imported later. So this is a package beside ``pegasus_dup``, which is imported when a test first
asks for a server.
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
    # Nothing is sent there: nobody needs to listen.
    "remote_clusters": {"target": "127.0.0.1:35601"},
    # A test doesn't want to wait until a checkpoint is made.
    "clock": "fast",
}


class MetaFactory:
    """Makes embedded meta servers, each on a free port, and stops them when its scope is over.

    The scope is the test, the module or the whole run, as the name of the fixture says.

    It is called with ``MetaServer``'s arguments. What isn't given is table ``temp``, the remote
    cluster ``target``, and a clock that runs 100 times as fast (with a ``generation``, too).
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
        """Stop all of them."""
        self._running.close()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "pegasus_meta(**settings): what the server of the fixture pegasus_meta is made with, "
        "such as tables, remote_clusters, generation, clock, partitions, faults; on a module "
        "(pytestmark) also the server of pegasus_meta_module",
    )


def _factory() -> Iterator[MetaFactory]:
    factory = MetaFactory()
    try:
        yield factory
    finally:
        factory.stop()


@pytest.fixture
def pegasus_meta_factory() -> Iterator[MetaFactory]:
    """Call it with what MetaServer takes (tables, generation, clock, faults, ...): a server."""
    yield from _factory()


@pytest.fixture(scope="module")
def pegasus_meta_factory_module() -> Iterator[MetaFactory]:
    """Like pegasus_meta_factory; its servers stop after the last test of the module."""
    yield from _factory()


@pytest.fixture(scope="session")
def pegasus_meta_factory_session() -> Iterator[MetaFactory]:
    """Like pegasus_meta_factory; its servers stop at the end of the run."""
    yield from _factory()


def _settings(node: pytest.Item | pytest.Collector) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    # The closest marker comes first, and says the last word.
    for marker in node.iter_markers("pegasus_meta"):
        if marker.args:
            pytest.fail("the marker pegasus_meta takes keyword arguments only", pytrace=False)
        settings = {**marker.kwargs, **settings}
    return settings


@pytest.fixture
def pegasus_meta(request: pytest.FixtureRequest, pegasus_meta_factory: MetaFactory) -> MetaServer:
    """Start an embedded Pegasus meta server for this test alone; it listens at its ``address``.

    It has the table ``temp`` and the remote cluster ``target``; the marker ``pegasus_meta`` makes
    it otherwise.
    """
    return pegasus_meta_factory(**_settings(request.node))


@pytest.fixture(scope="module")
def pegasus_meta_module(
    request: pytest.FixtureRequest, pegasus_meta_factory_module: MetaFactory
) -> MetaServer:
    """Start an embedded Pegasus meta server for the tests of this module, which share its state.

    It is as ``pegasus_meta``; the marker makes it otherwise where it stands on the module.
    """
    return pegasus_meta_factory_module(**_settings(request.node))


@pytest.fixture(scope="session")
def pegasus_meta_session(pegasus_meta_factory_session: MetaFactory) -> MetaServer:
    """Start an embedded Pegasus meta server for the whole run, whose tests share its state.

    It is as ``pegasus_meta``. For another one, define a fixture of this name in your conftest.py
    that calls ``pegasus_meta_factory_session``. With pytest-xdist each worker has its own.
    """
    return pegasus_meta_factory_session()
