// SPDX-License-Identifier: BSD-3-Clause
#include "json.hh"

#include <charconv>
#include <cmath>

#include "error.hh"

namespace harness::bridge {

namespace {

constexpr int maximumDepth = 32;

class Parser final {
  public:
    explicit Parser(std::string_view text) : text_(text) {}

    Json parse() {
        Json value = parseValue(0);
        skipSpace();
        if (position_ != text_.size()) {
            fail("text after the value");
        }
        return value;
    }

  private:
    [[noreturn]] void fail(const std::string& what) const {
        throw BridgeError(ErrorKind::Protocol,
                          "malformed JSON at byte " + std::to_string(position_) + ": " + what);
    }

    void skipSpace() {
        position_ = std::min(text_.find_first_not_of(" \t\r\n", position_), text_.size());
    }

    char peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }

    bool accept(char c) {
        skipSpace();
        if (peek() != c || position_ == text_.size()) {
            return false;
        }
        ++position_;
        return true;
    }

    void expect(char c) {
        if (!accept(c)) {
            fail(std::string("expected '") + c + "'");
        }
    }

    bool acceptWord(std::string_view word) {
        if (text_.substr(position_, word.size()) != word) {
            return false;
        }
        position_ += word.size();
        return true;
    }

    Json parseValue(int depth) {
        if (depth > maximumDepth) {
            fail("nested too deeply");
        }
        skipSpace();
        switch (peek()) {
            case '{':
                return parseObject(depth);
            case '[':
                return parseArray(depth);
            case '"':
                return parseString();
            default:
                return parseScalar();
        }
    }

    Json parseObject(int depth) {
        JsonObject object;
        expect('{');
        if (accept('}')) {
            return object;
        }
        do {
            skipSpace();
            std::string key = parseString();
            expect(':');
            Json value = parseValue(depth + 1);
            if (!object.emplace(key, std::move(value)).second) {
                fail("key \"" + key + "\" twice");
            }
        } while (accept(','));
        expect('}');
        return object;
    }

    Json parseArray(int depth) {
        JsonArray array;
        expect('[');
        if (accept(']')) {
            return array;
        }
        do {
            array.emplace_back(parseValue(depth + 1));
        } while (accept(','));
        expect(']');
        return array;
    }

    std::string parseString() {
        if (peek() != '"') {
            fail("expected a string");
        }
        std::string text;
        while (++position_ < text_.size() && text_[position_] != '"') {
            const char c = text_[position_];
            if (static_cast<unsigned char>(c) < 0x20) {
                fail("control character in a string");
            }
            text += c == '\\' ? parseEscape() : std::string(1, c);
        }
        if (position_ >= text_.size()) {
            fail("string without an end");
        }
        ++position_;
        return text;
    }

    std::string parseEscape() {
        static constexpr std::string_view letters = "\"\\/bfnrt";
        static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        ++position_;
        if (peek() == 'u') {
            return parseCodePoint();
        }
        const std::size_t index = letters.find(peek());
        if (position_ >= text_.size() || index == std::string_view::npos) {
            fail("unknown escape");
        }
        return std::string(1, meanings[index]);
    }

    // Of \uXXXX only ASCII is needed: names and units are ASCII.
    std::string parseCodePoint() {
        unsigned value = 0;
        const std::string_view digits = text_.substr(position_ + 1, 4);
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (digits.size() != 4 || error != std::errc() || end != digits.data() + 4 ||
            value > 0x7f) {
            fail("only ASCII may be escaped by \\u");
        }
        position_ += 4;
        return std::string(1, static_cast<char>(value));
    }

    Json parseScalar() {
        if (acceptWord("true")) {
            return true;
        }
        if (acceptWord("false")) {
            return false;
        }
        if (acceptWord("null")) {
            return {};
        }
        return parseNumber();
    }

    Json parseNumber() {
        const std::size_t length =
            std::min(text_.find_first_not_of("0123456789+-.eE", position_), text_.size()) -
            position_;
        const std::string_view digits = text_.substr(position_, length);
        const char* const end = digits.data() + digits.size();
        const bool isWhole = digits.find_first_of(".eE") == std::string_view::npos;
        std::int64_t whole = 0;
        double real = 0;
        const auto result = isWhole ? std::from_chars(digits.data(), end, whole)
                                    : std::from_chars(digits.data(), end, real);
        if (digits.empty() || result.ec != std::errc() || result.ptr != end) {
            fail("expected a value");
        }
        position_ += length;
        return isWhole ? Json(whole) : Json(real);
    }

    std::string_view text_;
    std::size_t position_ = 0;
};

void writeString(std::string& out, const std::string& text) {
    static constexpr char hexadecimal[] = "0123456789abcdef";
    static constexpr std::string_view special = "\"\\\b\f\n\r\t";
    static constexpr std::string_view letters = "\"\\bfnrt";
    out += '"';
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (const std::size_t index = special.find(c); index != std::string_view::npos) {
            out += {'\\', letters[index]};
        } else if (code < 0x20 || code == 0x7f) {
            out += std::string("\\u00") + hexadecimal[code >> 4U] + hexadecimal[code & 15U];
        } else {
            out += c;
        }
    }
    out += '"';
}

// Python's repr(float): shortest digits that read back, scientific below 1e-4 and from 1e16 on.
std::string formatReal(double value) {
    char buffer[64];
    const double magnitude = std::fabs(value);
    const bool isScientific = magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e16);
    const auto format = isScientific ? std::chars_format::scientific : std::chars_format::fixed;
    const auto result = std::to_chars(std::begin(buffer), std::end(buffer), value, format);
    std::string text(std::begin(buffer), result.ptr);
    if (!isScientific && text.find('.') == std::string::npos) {
        text += ".0";
    }
    return text;
}

struct Writer {
    std::string& out;

    void operator()(std::nullptr_t) const { out += "null"; }
    void operator()(bool value) const { out += value ? "true" : "false"; }
    void operator()(std::int64_t value) const { out += std::to_string(value); }
    void operator()(double value) const { out += formatReal(value); }
    void operator()(const std::string& value) const { writeString(out, value); }

    void operator()(const JsonArray& array) const {
        out += '[';
        for (const Json& value : array) {
            out += (&value == array.data() ? "" : ",") + value.canonical();
        }
        out += ']';
    }

    void operator()(const JsonObject& object) const {
        out += '{';
        for (const auto& [key, value] : object) {
            out += out.back() == '{' ? "" : ",";
            writeString(out, key);
            out += ':' + value.canonical();
        }
        out += '}';
    }
};

}  // namespace

Json Json::parse(std::string_view text) { return Parser(text).parse(); }

std::string Json::canonical() const {
    std::string out;
    std::visit(Writer{out}, value_);
    return out;
}

}  // namespace harness::bridge
