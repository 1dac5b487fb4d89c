#include "controller/cli/style.h"

#include <algorithm>
#include <array>

namespace datamesh::cli {
namespace {

template <std::size_t N>
bool any_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view code_of(Tone tone) {
  switch (tone) {
    case Tone::Plain: return "";
    case Tone::Good: return "\x1b[32m";
    case Tone::Bad: return "\x1b[31m";
    case Tone::Warning: return "\x1b[33m";
    case Tone::Dim: return "\x1b[2m";
    case Tone::Bold: return "\x1b[1m";
  }
  return "";
}

/// How many places `text` takes on a terminal, for text of single-width characters.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

Tone tone_of(std::string_view state) {
  static constexpr std::array<std::string_view, 5> kGood = {"True", "Done", "InForce", "Ready", "created"};
  static constexpr std::array<std::string_view, 4> kBad = {"False", "Failed", "Conflict", "Stalled"};
  static constexpr std::array<std::string_view, 5> kWarning = {"Unknown", "Waiting", "Pending", "Held", "configured"};
  if (any_of(kGood, state)) return Tone::Good;
  if (any_of(kBad, state)) return Tone::Bad;
  if (any_of(kWarning, state)) return Tone::Warning;
  return Tone::Plain;
}

std::string_view mark_of(std::string_view state) {
  switch (tone_of(state)) {
    case Tone::Good: return "✓";
    case Tone::Bad: return "✗";
    case Tone::Warning: return state == "Held" ? "!" : "…";
    default: return "·";
  }
}

std::string Style::operator()(Tone tone, std::string_view text) const {
  if (!colored_ || tone == Tone::Plain || text.empty()) return std::string(text);
  return std::string(code_of(tone)).append(text).append("\x1b[0m");
}

Table::Table(std::vector<std::string> titles, std::string indent) : indent_(std::move(indent)) {
  for (std::string& title : titles) titles_.push_back({std::move(title), Tone::Bold});
}

void Table::widen(const std::vector<Cell>& row) {
  widths_.resize(std::max(widths_.size(), row.size()));
  for (std::size_t i = 0; i < row.size(); ++i) widths_[i] = std::max(widths_[i], width(row[i].text));
}

std::string Table::line(const std::vector<Cell>& row, const Style& style) const {
  std::string out = indent_;
  std::size_t owed = 0;  // spaces that only a further cell makes necessary
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!row[i].text.empty()) {
      out.append(owed, ' ').append(style(row[i].tone, row[i].text));
      owed = 0;
    }
    owed += widths_[i] - (row[i].text.empty() ? 0 : width(row[i].text)) + 3;
  }
  return out + "\n";
}

std::string Table::take(const Style& style) {
  widen(titles_);
  for (const auto& row : rows_) widen(row);
  std::string out;
  if (!titles_.empty()) out += line(titles_, style);
  titles_.clear();
  for (const auto& row : rows_) out += line(row, style);
  rows_.clear();
  return out;
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string joined(const std::vector<std::string>& words) {
  if (words.empty()) return "<none>";
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

}  // namespace datamesh::cli
