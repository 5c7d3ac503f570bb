// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "gem5_configs/guest/runtime/error.hh"
#include "gem5_configs/guest/runtime/program.hh"
#include "small_program.hh"

namespace harness::guest {
namespace {

namespace pb = harness::pb::program::v1;

std::string refusal(const SmallProgram& program) {
    try {
        loadProgram(program.bytes());
    } catch (const RuntimeError& error) {
        return error.what();
    }
    return "";
}

SmallProgram whole() { return SmallProgram().invoke(0).wait(0, 1).finalize(); }

TEST(ProgramFile, IsReadAsItWasWritten) {
    const Program program = loadProgram(whole().bytes());
    EXPECT_EQ(program.name, "small");
    EXPECT_EQ(program.items, 1u);
    EXPECT_FALSE(program.isDynamic);
    ASSERT_EQ(program.buffers.size(), 3u);
    EXPECT_EQ(program.buffers[1].form.storageShape, (std::vector<std::int64_t>{2, 8}));
    EXPECT_EQ(program.copies[0].shape.runBytes(), 6u);
    EXPECT_EQ(program.copies[0].shape.destinationStridesBytes[0], 16);
    EXPECT_EQ(program.steps[2].kind, StepKind::Invoke);
    EXPECT_TRUE(program.steps[2].isLastOfItem);
}

TEST(ProgramFile, IsRefusedWhenItIsCutOff) {
    std::vector<std::uint8_t> bytes = whole().bytes();
    bytes.resize(bytes.size() - 3);
    EXPECT_THROW(loadProgram(bytes), RuntimeError);
    EXPECT_THROW(loadProgram({1, 2, 3}), RuntimeError);
}

TEST(ProgramFile, IsRefusedWithAnotherVersion) {
    SmallProgram program = whole();
    program.message.set_format_version(2);
    EXPECT_EQ(refusal(program), "program: format version 2, expected 1");
}

TEST(ProgramFile, IsRefusedWhenAnythingLeavesItsBounds) {
    using Damage = void (*)(pb::Program&);
    const std::pair<Damage, const char*> cases[] = {
        {[](pb::Program& p) { p.mutable_windows(0)->set_size_bytes(4097); }, "window 0"},
        {[](pb::Program& p) { p.mutable_windows(0)->set_initial_size_bytes(5000); }, "window 0"},
        {[](pb::Program& p) { p.mutable_buffers(1)->set_window(2); }, "buffer 1"},
        {[](pb::Program& p) { p.mutable_buffers(1)->set_offset_bytes(~0ULL); }, "buffer 1"},
        {[](pb::Program& p) { p.mutable_buffers(1)->set_storage_shape(0, 0x7fffffff); },
         "buffer 1"},
        {[](pb::Program& p) { p.mutable_buffers(0)->set_dtype("fp8"); }, "\"input\""},
        {[](pb::Program& p) { p.mutable_copies(0)->set_source_buffer(9); }, "copy 0"},
        {[](pb::Program& p) { p.mutable_copies(0)->set_extents(0, 3); }, "copy 0"},
        {[](pb::Program& p) { p.mutable_copies(0)->set_source_strides_bytes(0, 1ULL << 63); },
         "copy 0"},
        {[](pb::Program& p) { p.mutable_copies(0)->add_extents(4); }, "extents"},
        {[](pb::Program& p) { p.mutable_ranges(0)->set_size_bytes(5000); }, "range 0"},
        {[](pb::Program& p) { p.mutable_commands(0)->resize(100); }, "command 0"},
        {[](pb::Program& p) { p.mutable_steps(2)->mutable_invoke()->set_command(1); }, "step 2"},
        {[](pb::Program& p) { p.mutable_steps(2)->mutable_invoke()->set_item(~0U); }, "step 2"},
        {[](pb::Program& p) { p.mutable_steps(3)->mutable_wait()->set_count(2); }, "step 3"},
        {[](pb::Program& p) { p.mutable_steps(2)->mutable_invoke()->set_is_last_of_item(false); },
         "step 3"},
        {[](pb::Program& p) { p.mutable_steps(5)->mutable_finalize()->set_count(~0U); }, "step 5"},
        {[](pb::Program& p) { p.mutable_steps(1)->add_depends_on(1); }, "step 1"},
        {[](pb::Program& p) { p.mutable_steps(1)->clear_flush(); }, "no action"},
        {[](pb::Program& p) { p.add_output_buffers(3); }, "buffer 3"},
        {[](pb::Program& p) { p.set_line_bytes(48); }, "line size 48"},
        {[](pb::Program& p) { p.clear_assignment(); }, "assignment 0"},
        {[](pb::Program& p) { p.clear_windows(); }, "windows"},
    };
    for (const auto& [damage, expected] : cases) {
        SmallProgram program = whole();
        damage(program.message);
        EXPECT_NE(refusal(program).find(expected), std::string::npos)
            << "expected \"" << expected << "\" in \"" << refusal(program) << "\"";
    }
}

TEST(ProgramFile, IsRefusedWithAnUnknownRoutine) {
    SmallProgram program = whole().reshape();
    EXPECT_EQ(refusal(program), "");
    program.message.mutable_cpu_operators(0)->set_routine("resize");
    EXPECT_EQ(refusal(program), "program: CPU operator 0: its routine is unknown");
}

}  // namespace
}  // namespace harness::guest
