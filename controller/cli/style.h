// Colours, tables, and how states look. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace datamesh::cli {

enum class Tone { Plain, Good, Bad, Warning, Dim, Bold };

/// The tone of a word that states say: "True", "Done", "Failed", "Waiting", …
Tone tone_of(std::string_view state);

/// The mark before a hop or a step: "✓", "✗", "…", "!".
std::string_view mark_of(std::string_view state);

class Style {
 public:
  explicit Style(bool colored) : colored_(colored) {}
  /// `text` in the colour of `tone`, or as it is.
  std::string operator()(Tone tone, std::string_view text) const;

 private:
  bool colored_;
};

struct Cell {
  std::string text;
  Tone tone = Tone::Plain;
};

/// Rows in columns that are as wide as their widest cell, three spaces apart.
class Table {
 public:
  /// Without titles there is no title row.
  explicit Table(std::vector<std::string> titles = {}, std::string indent = "");
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  /// The rows added since the last call; the titles the first time only. Columns never become narrower.
  std::string take(const Style& style);

 private:
  void widen(const std::vector<Cell>& row);
  std::string line(const std::vector<Cell>& row, const Style& style) const;

  std::vector<Cell> titles_;
  std::string indent_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<Cell>> rows_;
};

/// "1 table", "3 tables".
std::string counted(std::size_t count, std::string_view noun);

/// "a, b, c"; "<none>" when there is none.
std::string joined(const std::vector<std::string>& words);

}  // namespace datamesh::cli
