// SPDX-License-Identifier: BSD-3-Clause
// Stands in for libFuzzer: seeded random mutations of the shared byte vectors.
// Usage: fuzz_bridge VECTORS.json RUNS
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "json.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using harness::bridge::Json;
using harness::bridge::JsonArray;
using harness::bridge::JsonObject;

// All hexadecimal strings of the file, as bytes.
void collect(const Json& json, std::vector<std::string>& corpus) {
    if (const auto* text = json.as<std::string>()) {
        std::string bytes;
        if (text->find_first_not_of("0123456789abcdef") == std::string::npos) {
            for (std::size_t i = 0; i + 1 < text->size(); i += 2) {
                bytes += static_cast<char>(std::stoi(text->substr(i, 2), nullptr, 16));
            }
            corpus.push_back(bytes);
        }
    } else if (const auto* array = json.as<JsonArray>()) {
        for (const Json& each : *array) {
            collect(each, corpus);
        }
    } else if (const auto* object = json.as<JsonObject>()) {
        for (const auto& [key, each] : *object) {
            collect(each, corpus);
        }
    }
}

class Mutator final {
  public:
    explicit Mutator(std::vector<std::string> corpus) : corpus_(std::move(corpus)) {}

    std::string next() {
        std::string bytes = corpus_[below(corpus_.size())];
        for (std::size_t i = below(6); i != 0; --i) {
            mutate(bytes);
        }
        return bytes;
    }

  private:
    std::size_t below(std::size_t limit) { return random_() % limit; }

    void mutate(std::string& bytes) {
        static constexpr unsigned char edges[] = {0, 1, 0x7f, 0x80, 0xff};
        const std::size_t place = below(bytes.size() + 1);
        switch (below(6)) {
            case 0:
                bytes.insert(place, 1, static_cast<char>(random_()));
                break;
            case 1:
                bytes.erase(place, below(16));
                break;
            case 2:
                bytes.resize(place);
                break;
            case 3:
                bytes += corpus_[below(corpus_.size())];
                break;
            default:
                if (place < bytes.size()) {
                    bytes[place] = below(2) != 0 ? static_cast<char>(edges[below(5)])
                                                 : static_cast<char>(bytes[place] ^ 1 << below(8));
                }
        }
    }

    std::vector<std::string> corpus_;
    std::mt19937_64 random_{1};
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: " << argv[0] << " VECTORS.json RUNS\n";
        return 2;
    }
    std::ifstream file(argv[1]);
    std::stringstream text;
    text << file.rdbuf();
    std::vector<std::string> corpus;
    collect(Json::parse(text.str()), corpus);
    Mutator mutator(corpus);
    for (long run = std::atol(argv[2]); run > 0; --run) {
        const std::string bytes = mutator.next();
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    }
    std::cout << argv[2] << " mutations of " << corpus.size() << " vectors\n";
    return 0;
}
