import pytest

import network as networks

reason = networks.missing()


def pytest_collection_modifyitems(items):
    if reason is not None:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


def skip_what_is_missing(item):
    try:
        return (yield)
    except networks.Missing as error:
        pytest.skip(str(error))


pytest_runtest_setup = pytest.hookimpl(wrapper=True)(skip_what_is_missing)
pytest_runtest_call = pytest.hookimpl(wrapper=True)(skip_what_is_missing)


@pytest.fixture
def network():
    with networks.Network() as made:
        yield made
