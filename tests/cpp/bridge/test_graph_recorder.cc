// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "graph_recorder.hh"

namespace harness::bridge {
namespace {

NodeRecord compute() {
    NodeRecord node;
    node.kind = NodeKind::Compute;
    return node;
}

// The ids that a node depends on.
NodeIds dependencesOf(const Recorded& recorded, std::size_t node) {
    const NodeRecord& record = recorded.nodes.at(node);
    const auto first = recorded.dependences.begin() + record.firstDependence;
    return NodeIds(first, first + record.dependences);
}

TEST(GraphRecorder, NodesAreFreeUnlessTheyNameOrAwaitOthers) {
    GraphRecorder recorder;
    recorder.add(compute(), {});
    recorder.add(compute(), {});
    const Recorded recorded = recorder.take();

    EXPECT_EQ(recorded.nodes[1].id, 1U);
    EXPECT_TRUE(recorded.dependences.empty());
}

TEST(GraphRecorder, WhatComesAfterAWaitDependsOnIt) {
    GraphRecorder recorder;
    const Handle first = recorder.handle({recorder.add(compute(), {})});
    recorder.wait({&first});
    recorder.add(compute(), {});

    EXPECT_EQ(dependencesOf(recorder.take(), 1), NodeIds{0});
}

TEST(GraphRecorder, AHandleThatDependsOnTheWaitStandsForIt) {
    GraphRecorder recorder;
    const Handle first = recorder.handle({recorder.add(compute(), {})});
    recorder.wait({&first});
    const Handle second = recorder.handle({recorder.add(compute(), {})});
    recorder.add(compute(), second);

    EXPECT_EQ(dependencesOf(recorder.take(), 2), NodeIds{1});
}

TEST(GraphRecorder, AnOlderHandleDoesNotStandForTheWait) {
    GraphRecorder recorder;
    const Handle first = recorder.handle({recorder.add(compute(), {})});
    const Handle second = recorder.handle({recorder.add(compute(), {})});
    recorder.wait({&first});
    recorder.add(compute(), second);

    EXPECT_EQ(dependencesOf(recorder.take(), 2), (NodeIds{1, 0}));
}

TEST(GraphRecorder, AWideBarrierBecomesOneFence) {
    GraphRecorder recorder;
    std::vector<Handle> handles;
    for (int i = 0; i < 5; ++i) {
        handles.push_back(recorder.handle({recorder.add(compute(), {})}));
    }
    recorder.wait({&handles[0], &handles[1], &handles[2], &handles[3], &handles[4]});
    const std::uint32_t id = recorder.add(compute(), {});
    const Recorded recorded = recorder.take();

    EXPECT_EQ(id, 6U);
    EXPECT_EQ(recorded.nodes[5].kind, NodeKind::Fence);
    EXPECT_EQ(dependencesOf(recorded, 5), (NodeIds{0, 1, 2, 3, 4}));
    EXPECT_EQ(dependencesOf(recorded, 6), NodeIds{5});
}

TEST(GraphRecorder, NotifiesHaveIdsOfTheirOwn) {
    GraphRecorder recorder;
    const Handle first = recorder.handle({recorder.add(compute(), {})});
    recorder.notify({&first, &first});
    recorder.add(compute(), {});
    const Recorded recorded = recorder.take();

    EXPECT_EQ(recorded.nodes[1].id, firstNotifyId);
    EXPECT_EQ(dependencesOf(recorded, 1), NodeIds{0});
    EXPECT_EQ(recorded.nodes[2].id, 1U);
}

TEST(GraphRecorder, DataLieBackToBackAndStartAnewWithEachExchange) {
    GraphRecorder recorder;
    NodeRecord write;
    write.kind = NodeKind::Write;
    recorder.add(write, {}, "ab", 2);
    recorder.add(write, {}, "cde", 3);
    const Recorded first = recorder.take();
    recorder.add(write, {}, "f", 1);
    const Recorded second = recorder.take();

    EXPECT_EQ(first.data, "abcde");
    EXPECT_EQ(first.nodes[1].dataOffset, 2U);
    EXPECT_EQ(second.data, "f");
    EXPECT_EQ(second.nodes[0].dataOffset, 0U);
    EXPECT_EQ(second.nodes[0].id, 2U);
}

}  // namespace
}  // namespace harness::bridge
