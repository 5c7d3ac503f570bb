// SPDX-License-Identifier: BSD-3-Clause
// harness.stats._scan: the reader of stats.txt for Python; columns come as numpy arrays.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <memory>

#include "harness/stats/scan/scanner.hh"
#include "harness/stats/scan/unit.hh"

namespace nb = nanobind;

namespace harness::stats {

namespace {

/// Hands a vector's memory to numpy.
template <typename T>
nb::object arrayOf(std::vector<T>&& values) {
    values.shrink_to_fit();
    auto owned = std::make_unique<std::vector<T>>(std::move(values));
    T* const data = owned->data();
    const std::size_t size = owned->size();
    const nb::capsule owner(owned.release(), [](void* each) noexcept {
        const std::unique_ptr<std::vector<T>> dropped(static_cast<std::vector<T>*>(each));
    });
    return nb::cast(nb::ndarray<nb::numpy, T, nb::ndim<1>>(data, {size}, owner));
}

nb::dict dictOf(DumpColumns&& dump) {
    nb::dict result;
    result["begin_line"] = dump.beginLine;
    result["begin_offset"] = dump.beginOffset;
    result["end_offset"] = dump.endOffset;
    result["has_begin"] = dump.hasBegin;
    result["has_end"] = dump.hasEnd;
    result["is_cut"] = dump.isCut;
    result["ids"] = arrayOf(std::move(dump.ids));
    result["values"] = arrayOf(std::move(dump.values));
    result["share_rows"] = arrayOf(std::move(dump.shareRows));
    result["shares"] = arrayOf(std::move(dump.shares));
    result["odd_shares"] = dump.oddShares;
    result["exact_integers"] = dump.exactIntegers;
    return result;
}

nb::list takeDumps(Scanner& scanner) {
    nb::list result;
    for (DumpColumns& dump : scanner.takeDumps()) result.append(dictOf(std::move(dump)));
    return result;
}

std::string_view bytesOf(const nb::ndarray<const std::uint8_t, nb::ndim<1>, nb::c_contig>& block) {
    return {reinterpret_cast<const char*>(block.data()), block.size()};
}

nb::tuple errorOf(const Scanner& scanner) {
    const ScanError& error = scanner.error();
    const nb::bytes text(error.text.data(), error.text.size());
    return nb::make_tuple(error.what, error.line, error.column, text, error.isShiftedRight);
}

nb::str decoded(std::string_view text) {
    PyObject* const result = PyUnicode_DecodeUTF8(text.data(), Py_ssize_t(text.size()), "replace");
    if (result == nullptr) throw nb::python_error();
    return nb::steal<nb::str>(result);
}

nb::list labelsFrom(const NameTable& names, NameId first) {
    nb::list result;
    for (NameId id = first; id < names.size(); ++id) result.append(decoded(names.label(id)));
    return result;
}

using Block = nb::ndarray<const std::uint8_t, nb::ndim<1>, nb::c_contig>;

void bindScanner(nb::module_& module) {
    nb::class_<NameTable>(module, "NameTable")
        .def(nb::init<>())
        .def("__len__", &NameTable::size)
        .def("labels", &labelsFrom, nb::arg("first"))
        .def("description",
             [](const NameTable& names, NameId id) { return decoded(names[id].description); })
        .def("unit", [](const NameTable& names, NameId id) { return decoded(names[id].unit); });
    nb::enum_<Layout>(module, "Layout")
        .value("FREE", Layout::Free)
        .value("PADDED", Layout::Padded)
        .value("RENAMED", Layout::Renamed);
    nb::class_<Scanner>(module, "Scanner")
        .def(
            "__init__",
            [](Scanner* self, NameTable& names, Layout layout, bool isBare, std::uint64_t firstLine,
               std::uint64_t firstOffset,
               const std::optional<std::vector<std::string>>& wantedNames,
               const nb::object& isWanted, bool areCellsNamed) {
                ScanOptions options;
                options.areCellsNamed = areCellsNamed;
                options.layout = layout;
                options.isBare = isBare;
                options.firstLine = firstLine;
                options.firstOffset = firstOffset;
                if (wantedNames.has_value()) {
                    options.isSelective = true;
                    options.wantedNames.insert(wantedNames->begin(), wantedNames->end());
                }
                if (!isWanted.is_none()) {
                    options.isWanted = [isWanted](const std::string& name) {
                        return nb::cast<bool>(isWanted(decoded(name)));
                    };
                }
                new (self) Scanner(names, std::move(options));
            },
            nb::keep_alive<1, 2>(), nb::arg("names"), nb::arg("layout"), nb::arg("is_bare"),
            nb::arg("first_line"), nb::arg("first_offset"), nb::arg("wanted_names").none(),
            nb::arg("is_wanted").none(), nb::arg("are_cells_named"))
        .def("feed",
             [](Scanner& scanner, const Block& block) {
                 const std::string_view bytes = bytesOf(block);
                 return scanner.feed(bytes.data(), bytes.size());
             })
        .def("finish", &Scanner::finish)
        .def("take_dumps", &takeDumps)
        .def("error", &errorOf)
        .def("shifted_lines", &Scanner::shiftedLines)
        .def("stray_lines", [](const Scanner& scanner) {
            return std::make_pair(scanner.strayLines(), scanner.firstStrayLine());
        });
}

}  // namespace

}  // namespace harness::stats

NB_MODULE(_scan, module) {
    using namespace harness::stats;
    bindScanner(module);
    module.def("is_unit", &isUnit);
    module.def("look_at", [](const nb::bytes& head) {
        const Outlook outlook = lookAt({head.c_str(), head.size()});
        return nb::make_tuple(outlook.layout, outlook.isBare, outlook.hasStatistics);
    });
    module.def("parse_number", [](std::string_view text) -> nb::object {
        Number number;
        return parseNumber(text, number) ? nb::cast(number.value) : nb::none();
    });
}
