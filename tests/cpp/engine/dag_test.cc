// SPDX-License-Identifier: BSD-3-Clause
#include "harness/port/dag.hh"

#include <gtest/gtest.h>

namespace harness {
namespace {

NodeRecord compute(std::uint32_t id, std::uint32_t firstDependence, std::uint32_t dependences) {
    NodeRecord node{};
    node.id = id;
    node.kind = NodeKind::Compute;
    node.firstDependence = firstDependence;
    node.dependences = dependences;
    return node;
}

std::string add(Dag& dag, const std::vector<NodeRecord>& nodes,
                const std::vector<std::uint32_t>& dependences) {
    ActionsView view;
    view.nodes = nodes.data();
    view.nodeCount = nodes.size();
    view.dependences = dependences.data();
    view.dependenceCount = dependences.size();
    return dag.add(view);
}

TEST(Dag, ANodeIsReadyOnceAllItsDependencesHaveEnded) {
    Dag dag;
    EXPECT_EQ(add(dag, {compute(0, 0, 0), compute(1, 0, 0), compute(2, 0, 2)}, {0, 1}), "");
    EXPECT_EQ(dag.takeReady(), (std::vector<std::uint32_t>{0, 1}));
    dag.end(1, 10);
    EXPECT_TRUE(dag.takeReady().empty());
    dag.end(0, 20);
    EXPECT_EQ(dag.takeReady(), (std::vector<std::uint32_t>{2}));
    EXPECT_FALSE(dag.allEnded());
    dag.end(2, 30);
    EXPECT_TRUE(dag.allEnded());
}

TEST(Dag, ADependenceNamedTwiceCountsOnce) {
    Dag dag;
    EXPECT_EQ(add(dag, {compute(0, 0, 0), compute(1, 0, 2)}, {0, 0}), "");
    dag.takeReady();
    dag.end(0, 1);
    EXPECT_EQ(dag.takeReady(), (std::vector<std::uint32_t>{1}));
}

TEST(Dag, ANodeMayDependOnOneThatHasEnded) {
    Dag dag;
    add(dag, {compute(0, 0, 0)}, {});
    dag.takeReady();
    dag.end(0, 1);
    EXPECT_EQ(add(dag, {compute(1, 0, 1)}, {0}), "");
    EXPECT_EQ(dag.takeReady(), (std::vector<std::uint32_t>{1}));
}

TEST(Dag, RefusesForwardDependencesDuplicatesAndIndicesOutOfBounds) {
    Dag dag;
    EXPECT_NE(add(dag, {compute(0, 0, 1), compute(1, 0, 0)}, {1}), "");
    EXPECT_NE(add(dag, {compute(0, 0, 0), compute(0, 0, 0)}, {}), "");
    EXPECT_NE(add(dag, {compute(0, 1, 1)}, {0}), "");
    EXPECT_NE(add(dag, {compute(0, 0, 0xffffffffu)}, {0}), "");
    EXPECT_EQ(dag.size(), 0u) << "nothing is added of a wrong answer";
}

TEST(Dag, RefusesUnknownKindsAndDataOutOfBounds) {
    Dag dag;
    NodeRecord node = compute(0, 0, 0);
    node.kind = NodeKind(99);
    EXPECT_NE(add(dag, {node}, {}), "");
    node.kind = NodeKind::Write;
    node.interface = Interface::Dma;
    node.rowBytes = node.rows = 1;
    EXPECT_NE(add(dag, {node}, {}), "") << "there is no data";
}

}  // namespace
}  // namespace harness
