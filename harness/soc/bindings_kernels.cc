// SPDX-License-Identifier: BSD-3-Clause
// The kernels by name, on bytes, for their tests.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <tuple>

#include "harness/kernels/half.hh"
#include "harness/kernels/routines.hh"
#include "harness/soc/bindings.hh"

namespace nb = nanobind;

namespace harness {

namespace {

using Shape = std::vector<std::int64_t>;
/// dtype code, layout, shape, storage shape
using Form = std::tuple<int, std::string, Shape, Shape>;

TensorView viewOf(const Form& form, std::vector<std::uint8_t>& bytes) {
    TensorView view;
    view.dtype = DType(std::get<0>(form));
    view.layout = std::get<1>(form);
    view.shape = std::get<2>(form);
    view.storageShape = std::get<3>(form);
    if (bytes.empty())
        bytes.assign(std::size_t(view.storageElements()) * elementBytes(view.dtype), 0xff);
    view.data = bytes.data();
    view.sizeBytes = bytes.size();
    return view;
}

/// Outputs' bytes and (rows, elements) of one call; outputs start as 0xff bytes.
nb::tuple runOnBytes(const std::string& name, const std::vector<Form>& inputs,
                     const std::vector<nb::bytes>& data, const std::vector<Form>& outputs,
                     const std::vector<double>& attributes) {
    const Routine* routine = findRoutine(name);
    if (!routine) throw KernelError("no such routine: " + name);
    if (inputs.size() != data.size()) throw KernelError("as many inputs as byte strings");
    std::vector<std::vector<std::uint8_t>> in(inputs.size()), out(outputs.size());
    RoutineCall call;
    call.attributes = attributes;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const auto* first = reinterpret_cast<const std::uint8_t*>(data[i].c_str());
        in[i].assign(first, first + data[i].size());
        call.inputs.push_back(viewOf(inputs[i], in[i]));
    }
    for (std::size_t i = 0; i < outputs.size(); ++i)
        call.outputs.push_back(viewOf(outputs[i], out[i]));
    runRoutine(*routine, call);
    const Work work = routine->work(call);
    nb::list results;
    for (const auto& bytes : out)
        results.append(nb::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    return nb::make_tuple(results, work.rows, work.elements);
}

}  // namespace

void bindKernels(nb::module_& module) {
    nb::exception<KernelError>(module, "KernelError");
    module.def("routine_names", &routineNames);
    module.def("run_routine", &runOnBytes, nb::arg("name"), nb::arg("inputs"), nb::arg("data"),
               nb::arg("outputs"), nb::arg("attributes"));
    module.def("float_to_half", [](float value) { return floatToHalf(value); });
    module.def("half_to_float", [](std::uint16_t half) { return halfToFloat(half); });
}

}  // namespace harness
