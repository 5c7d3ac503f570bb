// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/copies.hh"

namespace harness::guest {

namespace {

bool isCopy(const Step& step) {
    return step.kind == StepKind::Prepare || step.kind == StepKind::Finalize;
}

std::vector<PlacedCopy> place(const Step& step, const Program& program, const Windows& windows) {
    std::vector<PlacedCopy> placed;
    for (std::uint32_t i = 0; i < step.count; ++i) {
        const Copy& copy = program.copies[step.first + i];
        placed.push_back({copy.shape, windows.buffer(copy.sourceBuffer) + copy.sourceOffsetBytes,
                          windows.buffer(copy.destinationBuffer) + copy.destinationOffsetBytes});
    }
    return placed;
}

CopyCounts countOf(const std::vector<PlacedCopy>& copies) {
    CopyCounts counts;
    counts.calls = copies.size();
    for (const PlacedCopy& copy : copies) {
        counts.runs += copy.shape.runs();
        counts.bytes += copy.shape.runs() * copy.shape.runBytes();
    }
    return counts;
}

}  // namespace

Copies::Copies(const Program& program, const Windows& windows, const PartitionRule& rule,
               Pool& pool, std::vector<ThreadLog>& logs)
    : program(program),
      pool(pool),
      logs(logs),
      plans(program.steps.size()),
      job([this](std::uint32_t thread) { runPart(thread); }) {
    for (std::size_t i = 0; i < program.steps.size(); ++i) {
        if (!isCopy(program.steps[i])) continue;
        const auto copies = place(program.steps[i], program, windows);
        plans[i] = {partitionCopies(copies, rule), countOf(copies)};
        plans[i].counts.shared = plans[i].parts.size() > 1;
    }
}

void Copies::runPart(std::uint32_t thread) {
    const bool isPrepare = program.steps[current].kind == StepKind::Prepare;
    logs[thread].begin(isPrepare ? Phase::Prepare : Phase::Finalize, current);
    for (const PlacedCopy& copy : plans[current].parts[thread])
        copyNd(copy.destination, copy.source, copy.shape);
    if (thread) logs[thread].end();
}

void Copies::run(std::uint32_t step) {
    current = step;
    const auto threads = std::uint32_t(plans[step].parts.size());
    if (threads > 1) pool.start(threads, job);
    runPart(0);
    if (threads > 1) {
        if (!pool.isDone()) logs[0].wait(WaitReason::Workers, step, 0);
        pool.join();
    }
    total += plans[step].counts;
}

}  // namespace harness::guest
