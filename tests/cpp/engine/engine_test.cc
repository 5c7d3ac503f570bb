// SPDX-License-Identifier: BSD-3-Clause
// The engine against a model that answers at random: it must refuse or run, never misbehave.
#include "harness/soc/engine.hh"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "tests/cpp/soc_memory/memory_fixture.hh"

namespace harness {
namespace {

constexpr std::uint64_t kBytes = 512;
constexpr Tick kLimit = Tick(1) << 40;

template <typename T>
void put(std::string& bytes, std::size_t offset, T value) {
    std::memcpy(&bytes[offset], &value, sizeof value);
}

/// Operand 0 is read from offset 0, operand 1 is written at kBytes.
std::string descriptor() {
    std::string bytes(192, '\0');
    put<std::uint32_t>(bytes, 0, 0x314D4348);
    put<std::uint32_t>(bytes, 4, std::uint32_t(bytes.size()));
    put<std::uint16_t>(bytes, 12, 2);
    for (std::size_t i = 0; i < 2; ++i) {
        put<std::uint64_t>(bytes, 32 + 64 * i, i * kBytes);
        put<std::uint64_t>(bytes, 32 + 64 * i + 8, kBytes);
        put<std::uint8_t>(bytes, 32 + 64 * i + 17, std::uint8_t(i + 1));
    }
    return bytes;
}

ProgramImage tinyProgram(std::size_t commands) {
    ProgramImage program;
    program.windows = {{2 * std::int64_t(kBytes), 1, 0}};
    program.initialBytes = {std::string(kBytes, 'x')};
    for (std::size_t i = 0; i < commands; ++i) {
        program.commands.push_back(descriptor());
        program.steps.push_back(
            {0, StepKind::Invoke, std::int64_t(i), std::int64_t(i), std::int64_t(i), 1, 0, 0});
    }
    program.steps.push_back({0, StepKind::Wait, 0, std::int64_t(commands), 0, 0, 0, 0});
    return program;
}

EngineConfig smallEngine() {
    EngineConfig config;
    config.memory = smallConfig();
    config.host.threads = 1;
    config.host.clockTicks = 400;
    config.host.milliTicksPerInstruction = 200000;
    config.host.maximumOutstandingMisses = 4;
    config.host.pollIntervalTicks = 1000;
    config.host.flushMaximumOutstanding = 4;
    config.accelerator.clockTicks = 1000;
    config.accelerator.units = 2;
    config.accelerator.queueDepth = 2;
    config.accelerator.dma = {64, 4, 5000};
    config.accelerator.acp = {64, 4, 0};
    config.accelerator.cache = {64, 4, 0};
    return config;
}

/// Runs until the model is asked; true if so.
bool runToExchange(Engine& engine) {
    for (int i = 0; i < 100000; ++i) {
        const EngineExit exit = engine.run(kLimit, 1000000);
        if (exit != EngineExit::Slice) return exit == EngineExit::Exchange;
    }
    return false;
}

TEST(Engine, ACommandWithoutNodesEnds) {
    Engine engine(tinyProgram(1), smallEngine(), 1);
    engine.beginInference();
    ASSERT_TRUE(runToExchange(engine));
    ActionsView nothing;
    nothing.isFinal = true;
    EXPECT_EQ(engine.answer(nothing), "");
    EXPECT_EQ(engine.run(kLimit, kLimit), EngineExit::Done);
}

TEST(Engine, RefusesProgramsWithIndicesOutOfRange) {
    ProgramImage program = tinyProgram(1);
    program.steps.push_back({0, StepKind::Prepare, 0, 1, 0, 0, 0, 0});
    EXPECT_THROW(Engine(program, smallEngine(), 1), std::invalid_argument);
    program.steps.back() = {0, StepKind::RunOnCpu, -1, 0, 0, 0, 0, 0};
    EXPECT_THROW(Engine(program, smallEngine(), 1), std::invalid_argument);
    program.steps.back() = {0, StepKind(77), 0, 0, 0, 0, 0, 0};
    EXPECT_THROW(Engine(program, smallEngine(), 1), std::invalid_argument);
    program.steps.back() = {0, StepKind::Wait, 0, 1, 0, 0, 5, 1};
    EXPECT_THROW(Engine(program, smallEngine(), 1), std::invalid_argument);
}

TEST(Engine, RefusesDamagedDescriptors) {
    ProgramImage program = tinyProgram(1);
    put<std::uint64_t>(program.commands[0], 32, std::uint64_t(9) << 40);
    EXPECT_THROW(Engine(program, smallEngine(), 1), std::invalid_argument);
    program.commands[0] = "HCM1";
    EXPECT_THROW(Engine(program, smallEngine(), 1), std::invalid_argument);
}

/// Mostly valid nodes, so that many answers are accepted and run.
NodeRecord randomNode(std::mt19937& random, std::uint32_t id) {
    const auto pick = [&random](std::uint32_t size) { return random() % size; };
    NodeRecord node{};
    node.id = id;
    node.kind = NodeKind(1 + pick(6));
    if (node.kind == NodeKind::Compute) {
        node.unit = std::uint8_t(pick(2));
        node.value = pick(50);
    }
    if (!node.isTransfer()) return node;
    const bool isWrite = node.kind == NodeKind::Write;
    node.operand = isWrite ? 1 : 0;
    node.interface = Interface(1 + pick(4));
    node.stream = std::uint8_t(pick(3));
    node.rowBytes = 1 + pick(100);
    node.rows = 1 + pick(4);
    node.strideBytes = 1 + pick(100);
    node.address = node.operand * kBytes + pick(120);
    if (pick(40) == 0) node.address = (std::uint64_t(random()) << 32) | random();
    if (pick(40) == 0) node.stream = std::uint8_t(random());
    if (pick(40) == 0) node.rows = random();
    return node;
}

void answerAtRandom(Engine& engine, std::mt19937& random) {
    std::vector<NodeRecord> nodes;
    std::vector<std::uint32_t> dependences;
    const std::uint32_t count = random() % 12;
    for (std::uint32_t id = 0; id < count; ++id) {
        nodes.push_back(randomNode(random, id));
        nodes.back().firstDependence = std::uint32_t(dependences.size());
        for (std::uint32_t d = random() % 3; d > 0 && id > 0; --d) {
            dependences.push_back(random() % id);
            ++nodes.back().dependences;
        }
    }
    const std::vector<std::uint8_t> data(512, 7);
    ActionsView view;
    view.nodes = nodes.data();
    view.nodeCount = nodes.size();
    view.dependences = dependences.data();
    view.dependenceCount = dependences.size();
    view.data = data.data();
    view.dataBytes = data.size();
    view.isFinal = random() % 8 != 0;
    engine.answer(view);
}

TEST(Engine, SurvivesRandomAnswers) {
    int ended = 0;
    for (std::uint32_t seed = 0; seed < 300; ++seed) {
        std::mt19937 random(seed);
        EngineConfig config = smallEngine();
        config.accelerator.isKernelMode = seed % 2 == 0;
        Engine engine(tinyProgram(3), config, 1 + seed % 2);
        engine.beginInference();
        for (int exchanges = 0; exchanges < 10 && runToExchange(engine); ++exchanges)
            answerAtRandom(engine, random);
        engine.abandon();
        EXPECT_FALSE(engine.statistics().empty());
        ended += engine.pendingWork().empty();
    }
    EXPECT_GT(ended, 30) << "most answers were refused: the test shows little";
}

}  // namespace
}  // namespace harness
