"""With the probe, djust sends the same frames as without it."""

import asyncio
import re

import pytest
from receiver import Receiver
from servers import Server, migrate

VARYING = {"session_id", "timing", "state_snapshot_signed", "_debug", "traceback"}
TOKEN = re.compile(r'(value|content)="[A-Za-z0-9]{64}"')

CASES = [
    ("shop.views.counter.CounterView", "/counter/", [("increment", {}), ("add", {"amount": "3"})]),
    ("shop.views.counter.HistoryView", "/history/", [("increment", {}), ("increment", {})]),
    ("shop.views.products.ProductListView", "/products/", [("search", {"value": "tea"}), ("sort", {"by": "price"})]),
    ("shop.views.forms.OrderView", "/form/", [("send", {"name": "x"}), ("validate_field", {"field": "email", "value": "y"})]),
    ("shop.views.forms.BoundView", "/bound/", [("update_model", {"field": "first", "value": "a"}), ("show", {})]),
    ("shop.views.navigation.TabsView", "/tabs/", [("go", {"tab": "stock"})]),
    ("shop.views.decorated.DecoratedView", "/decorated/", [("debounced", {"value": "a"}), ("removed", {})]),
    ("shop.views.state.StateView", "/state/", [("change", {}), ("drop", {}), ("change", {})]),
    ("shop.views.state.ParentView", "/parent/", [("increment", {})]),
    ("shop.views.failing.ErrorView", "/error/", [("fail", {}), ("fail_render", {})]),
    ("causes.views.states.PrivateDerived", "/causes/b2-private-derived/", [("go", {}), ("go", {})]),
    ("causes.views.states.InPlaceObject", "/causes/e2-in-place-object/", [("go", {}), ("go", {})]),
    ("causes.views.states.ForcedByKeys", "/causes/e5-forced-by-keys/", [("go", {}), ("go", {})]),
    ("causes.views.roots.ManyPatches", "/causes/q-many-patches/", [("go", {}), ("go", {})]),
]  # fmt: skip


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    directory = tmp_path_factory.mktemp("database")
    receiver = Receiver()
    for name in ("with", "without"):
        migrate(directory / name)
    with (
        Server("daphne", directory / "with", receiver.address) as told,
        Server("daphne", directory / "without") as bare,
    ):
        yield told, bare


def plain(frame):
    """A frame without what differs from run to run."""
    if isinstance(frame, dict):
        return {k: plain(v) for k, v in frame.items() if k not in VARYING and k != "ts"}
    if isinstance(frame, list):
        return [plain(item) for item in frame]
    return TOKEN.sub("", frame) if isinstance(frame, str) else frame


@pytest.mark.parametrize(("view", "path", "events"), CASES, ids=[case[1] for case in CASES])
def test_frames(servers, view, path, events):
    async def frames(server):
        async with server.page(view, path) as page:
            told = [page.mounted]
            for name, params in events:
                told.append(await page.event(name, **params))
            return [plain(frame) for frame in told], [set(frame) for frame in told]

    told, bare = (asyncio.run(frames(server)) for server in servers)
    assert told == bare


@pytest.mark.parametrize(
    "path", ["/", "/counter/", "/products/", "/tabs/?tab=stock", "/plain/range/"]
)
def test_pages(servers, path):
    told, bare = (server.get(path) for server in servers)
    assert plain(told[1]).replace(str(servers[0].port), "") == plain(bare[1]).replace(
        str(servers[1].port), ""
    )
