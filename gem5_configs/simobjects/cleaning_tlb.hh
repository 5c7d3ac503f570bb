// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_CLEANING_TLB_HH
#define HARNESS_CLEANING_TLB_HH

#include "arch/x86/tlb.hh"
#include "params/CleaningTLB.hh"

namespace gem5 {

/// X86's TLB, with the mode of cache cleaning requests kept as the CPU gave it.
class CleaningTLB final : public X86ISA::TLB {
  public:
    PARAMS(CleaningTLB);
    explicit CleaningTLB(const Params& params) : X86ISA::TLB(params) {}

    void translateTiming(const RequestPtr& request, ThreadContext* tc,
                         BaseMMU::Translation* translation, BaseMMU::Mode mode) override;
};

}  // namespace gem5

#endif
