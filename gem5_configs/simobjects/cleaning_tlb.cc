// SPDX-License-Identifier: BSD-3-Clause
#include "cleaning_tlb.hh"

namespace gem5 {

namespace {

/// Passes a translation's end on in the mode in which it began; deletes itself then.
class KeepsMode final : public BaseMMU::Translation {
  public:
    KeepsMode(BaseMMU::Translation& inner, BaseMMU::Mode mode) : inner(inner), mode(mode) {}

    void markDelayed() override { inner.markDelayed(); }
    bool squashed() const override { return inner.squashed(); }
    void finish(const Fault& fault, const RequestPtr& request, ThreadContext* tc,
                BaseMMU::Mode) override {
        inner.finish(fault, request, tc, mode);
        delete this;
    }

  private:
    BaseMMU::Translation& inner;
    const BaseMMU::Mode mode;
};

}  // namespace

void CleaningTLB::translateTiming(const RequestPtr& request, ThreadContext* tc,
                                  BaseMMU::Translation* translation, BaseMMU::Mode mode) {
    if (request->isCacheClean()) translation = new KeepsMode(*translation, mode);
    X86ISA::TLB::translateTiming(request, tc, translation, mode);
}

}  // namespace gem5
