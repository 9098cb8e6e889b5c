"""What is changed in Rasa itself."""

from __future__ import annotations

import pytest
from rasa.engine.graph import GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner

from bot.tracking import runtime

SLOT = {"event": "slot", "name": "last_topic", "value": "breathing.niv", "timestamp": None}


@pytest.mark.parametrize(
    ("answer", "is_plain"),
    [
        ({"events": [SLOT], "responses": [{"text": "An answer."}]}, True),
        ({"events": [], "responses": []}, True),
        ({"events": [{**SLOT, "name": 3}], "responses": []}, False),
        ({"events": [{"event": "slot", "name": "x"}], "responses": []}, False),
        ({"events": [{"event": "restart"}], "responses": []}, False),
        ({"events": "none", "responses": []}, False),
        ({"events": [SLOT]}, False),
        ({"events": [], "responses": ["text"]}, False),
        ([], False),
    ],
)
def test_only_what_is_surely_right_skips_the_schema(answer, is_plain):
    assert runtime._is_plainly_valid(answer) is is_plain


class Graph:
    """A runner with three nodes that add, and one that nobody asks for."""

    def __init__(self) -> None:
        def node(**needs: str) -> SchemaNode:
            return SchemaNode(needs, object, "process", "run", {})

        nodes = {"last": node(left="first", right="second"), "second": node(value="first"), "first": node(value="input"),
                 "other": node(value="input")}  # fmt: skip
        self._graph_schema = GraphSchema(nodes)
        self.ran: list[str] = []
        self._instantiated_nodes = {name: self.node(name) for name in nodes}

    def node(self, name: str):
        def run(*inputs: tuple[str, int]) -> tuple[str, int]:
            self.ran.append(name)
            return name, sum(value for _, value in inputs) + 1

        return run


def test_nodes_run_in_order_and_only_those_that_are_needed():
    runtime.apply()
    graph = Graph()
    for _ in range(2):
        graph.ran.clear()
        assert DaskGraphRunner.run(graph, {"input": 1}, ["last"]) == {"last": 6}
        assert graph.ran == ["first", "second", "last"]
